"""From a scan and its manifest to rectified strips of single tracks."""
