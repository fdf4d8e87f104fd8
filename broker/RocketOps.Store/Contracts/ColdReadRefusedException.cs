namespace RocketOps.Store.Contracts;

/// <summary>A read that needs the disk was not begun: too many wait already, or the store has stopped. Nothing is wrong with what was asked for.</summary>
public sealed class ColdReadRefusedException(string message) : StoreException(message);
