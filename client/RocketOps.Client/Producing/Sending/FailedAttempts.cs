using System.Globalization;

namespace RocketOps.Client.Producing.Sending;

/// <summary>
/// Failed attempts of one send, and the exception that its caller gets for them: that of the first one, with a text that names all.
/// </summary>
internal sealed class FailedAttempts
{
    /// <summary>Different failures that the text names.</summary>
    private const int MaxNamed = 8;

    /// <summary>Attempts that the exception lists.</summary>
    private const int MaxListed = 16;

    private readonly List<(string Text, int Times)> _named = [];
    private readonly List<SendAttempt> _attempts = [];
    private RocketMqException? _first;
    private bool _isOutcomeUnknown;

    /// <summary>Number of attempts.</summary>
    public int Count { get; private set; }

    /// <summary>True when a broker may have the message all the same.</summary>
    public bool IsOutcomeUnknown => _isOutcomeUnknown;

    /// <summary>The first attempts.</summary>
    public IReadOnlyList<SendAttempt> Attempts => _attempts;

    /// <summary>Adds an attempt at a broker; <paramref name="address"/> is null when it has no master.</summary>
    public void Add(string broker, string? address, TimeSpan duration, RocketMqException failure)
    {
        if (_attempts.Count < MaxListed)
        {
            _attempts.Add(new SendAttempt(broker, address, duration, failure.Reason, failure.Message));
        }

        _first ??= failure;
        _isOutcomeUnknown |= failure.IsOutcomeUnknown;
        Count++;
        string name = address is null || failure.Message.Contains(address, StringComparison.Ordinal) ? broker : $"{broker} ({address})";
        string text = $"{name}: {failure.Message}";
        if (_named is [.., (string last, int times)] && last == text)
        {
            _named[^1] = (text, times + 1);
        }
        else if (_named.Count < MaxNamed)
        {
            _named.Add((text, 1));
        }
    }

    /// <summary>The exception for the caller of the send.</summary>
    /// <param name="topic">Topic of the message.</param>
    /// <param name="elapsed">Time that the send took.</param>
    public RocketMqException ToException(string topic, TimeSpan elapsed)
    {
        string named = string.Join("; ", _named.Select(static attempt => attempt.Times == 1 ? attempt.Text : $"{attempt.Text} ({attempt.Times} times)"));
        string counted = Count == 1 ? "1 attempt" : $"{Count} attempts";
        string text = string.Create(CultureInfo.InvariantCulture, $"send to topic {topic} failed: {named}; {counted} in {elapsed.TotalSeconds:0.0} s");
        return new RocketMqException(text, _first!) { IsOutcomeUnknown = _isOutcomeUnknown, Attempts = _attempts };
    }
}
