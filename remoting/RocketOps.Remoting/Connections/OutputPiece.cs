namespace RocketOps.Remoting.Connections;

/// <summary>Bytes that lie outside of managed memory, and are sent from there.</summary>
/// <param name="Address">Where they begin.</param>
/// <param name="Length">How many they are.</param>
public readonly record struct OutputPiece(nint Address, int Length);
