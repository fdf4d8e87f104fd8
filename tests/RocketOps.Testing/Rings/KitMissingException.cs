namespace RocketOps.Testing.Rings;

/// <summary>A test that must run cannot: what it needs is not on this machine.</summary>
public sealed class KitMissingException(string message) : Exception(message);
