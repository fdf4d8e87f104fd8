namespace RocketOps.Faults.Tests.Peers;

/// <summary>A producer that sends one message after the other, with a pause in between, until it is disposed of.</summary>
internal interface IPacedProducer : IAsyncDisposable
{
    /// <summary>Pause between two sends.</summary>
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    string Name { get; }

    SendLog Log { get; }
}
