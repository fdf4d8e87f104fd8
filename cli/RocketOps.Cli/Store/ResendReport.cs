using RocketOps.Cli.Output;
using RocketOps.Store.Dump;

namespace RocketOps.Cli.Store;

/// <summary>Results of messages that were to be sent again, topic by topic.</summary>
internal sealed class ResendReport
{
    private readonly SortedDictionary<(string Topic, string What), int> _counts = [];
    private readonly List<string> _problems = [];

    public int Sent { get; private set; }

    /// <summary>True when all that could be sent was sent: records that are no message of an application do not count.</summary>
    public bool IsComplete { get; private set; } = true;

    public void Add(string topic, ResendOutcome outcome)
    {
        Sent += outcome == ResendOutcome.Sent ? 1 : 0;
        IsComplete &= outcome != ResendOutcome.NoTopic;
        Count(topic, outcome switch
        {
            ResendOutcome.Sent => "sent",
            ResendOutcome.Present => "left out: the cluster has it",
            _ => "not sent: no broker takes messages of this topic",
        });
    }

    public void AddLeftOut(string topic, string why) => Count(topic, "left out: " + why);

    /// <summary>Adds the problem that ended the reading of a file; null for none.</summary>
    public void AddProblem(DivergedLog log, string? problem)
    {
        if (problem is not null)
        {
            IsComplete = false;
            _problems.Add($"{log.Name}: {problem}; what follows was not read");
        }
    }

    public Listing ToListing()
    {
        Listing listing = new("topic", "messages", "what") { Footer = _problems.Count > 0 ? string.Join('\n', _problems) : null };
        foreach (((string topic, string what), int count) in _counts)
        {
            listing.Add(topic, count, what);
        }

        return listing;
    }

    private void Count(string topic, string what) => _counts[(topic, what)] = _counts.GetValueOrDefault((topic, what)) + 1;
}
