namespace RocketOps.Broker.Pulling;

/// <summary>Result of parking: tells whether a queue has taken a pull that is to wait.</summary>
internal enum ParkResult
{
    Parked = 0,

    /// <summary>The queue was given up meanwhile: look for its successor.</summary>
    GivenUp,

    /// <summary>Too many wait for it already.</summary>
    Full,
}
