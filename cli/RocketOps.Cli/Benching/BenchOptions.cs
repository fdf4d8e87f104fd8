namespace RocketOps.Cli.Benching;

/// <summary>Options of a <c>bench</c>.</summary>
internal sealed record BenchOptions
{
    public required string Topic { get; init; }

    /// <summary>Messages are received as well, and it is measured how long they take from send to receipt.</summary>
    public bool EndToEnd { get; init; }

    /// <summary>Bytes of a body.</summary>
    public int Size { get; init; }

    /// <summary>Sends under way at the same time.</summary>
    public int Concurrency { get; init; }

    /// <summary>Messages altogether; null: as many as the duration allows.</summary>
    public long? Count { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>Messages in a second; null: as many as are taken.</summary>
    public double? Rate { get; init; }
}
