using System.Text.Json.Nodes;
using RocketOps.Cli.Output;

namespace RocketOps.Cli.Benching;

/// <summary>Measurements of a run.</summary>
internal sealed record BenchReport
{
    public required BenchOptions Options { get; init; }

    public required TimeSpan Elapsed { get; init; }

    public required long Sent { get; init; }

    public required long Failed { get; init; }

    /// <summary>Null when nothing was received on purpose.</summary>
    public required long? Received { get; init; }

    /// <summary>Latencies from a send to its acknowledgement or, with receipt, to the receipt.</summary>
    public required LatencyHistogram Latencies { get; init; }

    /// <summary>The first failure.</summary>
    public string? Problem { get; init; }

    public bool IsComplete => Sent > 0 && Failed == 0 && (Received is null || Received == Sent);

    public Details ToDetails()
    {
        double seconds = Math.Max(0.001, Elapsed.TotalSeconds);
        JsonObject values = new()
        {
            ["topic"] = Options.Topic,
            ["size"] = Options.Size,
            ["concurrency"] = Options.Concurrency,
            ["seconds"] = Math.Round(seconds, 3),
            ["sent"] = Sent,
            ["failed"] = Failed,
        };
        if (Received is { } received)
        {
            values["received"] = received;
        }

        values["messagesPerSecond"] = Math.Round(Sent / seconds, 1);
        values["mebibytesPerSecond"] = Math.Round(Sent * (double)Options.Size / seconds / 1024 / 1024, 3);
        foreach ((string name, double share) in (ReadOnlySpan<(string, double)>)[("p50Ms", 0.5), ("p90Ms", 0.9), ("p99Ms", 0.99), ("p999Ms", 0.999)])
        {
            values[name] = Milliseconds(Latencies.Percentile(share));
        }

        values["maxMs"] = Milliseconds(Latencies.Max);
        if (Problem is not null)
        {
            values["problem"] = Problem;
        }

        return new Details(values);
    }

    private static double Milliseconds(TimeSpan duration) => Math.Round(duration.TotalMilliseconds, 3);
}
