"""Music as notes: form, harmony, melody and accompaniment from a few wishes; no sound is made here."""
