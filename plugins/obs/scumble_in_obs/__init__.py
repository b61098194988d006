"""The rooms of the OBS script: values, page, session, results and the way into libobs."""
