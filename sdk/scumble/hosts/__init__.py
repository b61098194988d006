"""Host editors: what their adapters share, and how they are installed and examined."""
