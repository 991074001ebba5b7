"""The data plane of Beamline: sources and transforms that run inside Apache Beam."""
