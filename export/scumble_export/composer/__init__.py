"""The composer: a decoder transformer over notated music, its data, its n-gram peer and its bundle."""
