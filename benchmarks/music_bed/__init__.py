"""The music bed as it ships, measured for docs/music-quality.md by judges that are not its own."""
