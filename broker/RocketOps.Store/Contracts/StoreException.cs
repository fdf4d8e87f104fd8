namespace RocketOps.Store.Contracts;

/// <summary>A store that cannot be opened or used as it is: locked by another process, files of the wrong size, damaged beyond what recovery repairs.</summary>
public class StoreException : Exception
{
    public StoreException(string message)
        : base(message)
    {
    }

    public StoreException(string message, Exception inner)
        : base(message, inner)
    {
    }
}

/// <summary>A read that needs the disk was not begun: too many wait already, or the store has stopped. Nothing is wrong with what was asked for.</summary>
public sealed class ColdReadRefusedException(string message) : StoreException(message);
