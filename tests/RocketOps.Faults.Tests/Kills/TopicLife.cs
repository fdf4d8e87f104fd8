using System.Globalization;

namespace RocketOps.Faults.Tests.Kills;

/// <summary>What the worker of a topic knows of the generation that is there. For that worker alone.</summary>
internal sealed class TopicLife(string topic)
{
    private int _generation;
    private int _messages;

    public string Topic => topic;

    /// <summary>It was asked for since the last deletion: it may be there.</summary>
    public bool IsMade { get; set; }

    /// <summary>Its deletion was asked for and not yet acknowledged.</summary>
    public bool IsGoing { get; set; }

    /// <summary>Bodies of all messages of this generation.</summary>
    public HashSet<string> Sent { get; } = new(StringComparer.Ordinal);

    /// <summary>Bodies of those that were acknowledged.</summary>
    public HashSet<string> Acknowledged { get; } = new(StringComparer.Ordinal);

    public string NextBody() => string.Create(CultureInfo.InvariantCulture, $"{topic}/{_generation}/{_messages++}");

    /// <summary>The generation is deleted: what comes is of the next one.</summary>
    public void BeginAnew()
    {
        _generation++;
        Sent.Clear();
        Acknowledged.Clear();
        IsMade = false;
        IsGoing = false;
    }
}
