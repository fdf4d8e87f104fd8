using System.Globalization;
using RocketOps.Cli.Arguments;
using RocketOps.Client;

namespace RocketOps.Cli.Messages;

/// <summary>
/// Position where reading a queue begins, as a user writes it: <c>beginning</c>, <c>end</c>, an offset, <c>-N</c> before the end, or a
/// time.
/// </summary>
internal sealed record StartPoint
{
    public const string Grammar = "beginning, end, an offset, -N for the last N of every queue, " + TimeGrammar;
    public const string TimeGrammar = Times + " or " + Ages;

    private const string Times = "a time (2026-11-20T18:00, 18:00)";
    private const string Ages = "an age (30s, 10m, 2h, 7d)";

    private StartPoint()
    {
    }

    /// <summary>The first message there is.</summary>
    public static StartPoint Beginning { get; } = new() { Offset = 0 };

    /// <summary>The next message.</summary>
    public static StartPoint End { get; } = new() { BeforeEnd = 0 };

    public long? Offset { get; private init; }

    /// <summary>So many messages before the end.</summary>
    public long? BeforeEnd { get; private init; }

    public DateTimeOffset? Time { get; private init; }

    /// <summary>The beginning, the end or a time: what a broker can be told for a whole topic.</summary>
    public bool IsPlaceInTime => Time is not null || this == Beginning || this == End;

    /// <summary>Null when the text is none.</summary>
    public static StartPoint? Parse(string text, TimeProvider time)
    {
        if (text is "beginning" or "start" or "earliest")
        {
            return Beginning;
        }

        if (text is "end" or "latest")
        {
            return End;
        }

        if (!text.StartsWith('+') && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
        {
            return number >= 0 && text[0] != '-' ? new StartPoint { Offset = number } : number > -long.MaxValue ? new StartPoint { BeforeEnd = -number } : null;
        }

        return ParseAge(text) is { } age ? new StartPoint { Time = time.GetUtcNow() - age } : ParseTime(text, time) is { } at ? new StartPoint { Time = at } : null;
    }

    /// <summary>Finds the problem of a text that has to be a time or an age; null when there is none.</summary>
    public static string? FindTimeProblem(string text, TimeProvider time) => Parse(text, time)?.Time is null ? $"\"{text}\" is neither {Times} nor {Ages}." : null;

    /// <summary>The offset it means in one queue.</summary>
    public async Task<long> ResolveAsync(RocketMqReader reader, string broker, MessageQueue queue, CancellationToken cancellation)
    {
        if (Time is { } at)
        {
            return await reader.FindOffsetAsync(broker, queue, at, cancellation);
        }

        long least = await reader.GetMinOffsetAsync(broker, queue, cancellation);
        return BeforeEnd is { } before
            ? Math.Max(least, await reader.GetMaxOffsetAsync(broker, queue, cancellation) - before)
            : Math.Max(least, Offset!.Value);
    }

    private static TimeSpan? ParseAge(string text)
    {
        double? seconds = text.Length < 2 ? null : text[^1] switch
        {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => null,
        };
        return seconds is { } unit && Numbers.TryDecimal(text[..^1], out double count) && count * unit < 1e10
            ? TimeSpan.FromSeconds(count * unit)
            : null;
    }

    /// <summary>A time without a zone is one of this machine.</summary>
    private static DateTimeOffset? ParseTime(string text, TimeProvider time)
    {
        if (IsClock(text) && TimeOnly.TryParse(text, CultureInfo.InvariantCulture, out TimeOnly clock))
        {
            DateTimeOffset now = time.GetLocalNow();
            return new DateTimeOffset(DateOnly.FromDateTime(now.DateTime).ToDateTime(clock), now.Offset);
        }

        return BeginsWithDate(text) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset at)
            ? at
            : null;
    }

    private static bool IsClock(string text) =>
        text.Contains(':', StringComparison.Ordinal) && text.All(static letter => char.IsAsciiDigit(letter) || letter is ':' or '.');

    /// <summary>
    /// Tells whether the year stands first. The library reads <c>1.5</c> and <c>1/5</c> as days of this year, which a user may not mean.
    /// </summary>
    private static bool BeginsWithDate(string text) =>
        text.Length >= 10 && text[..4].All(char.IsAsciiDigit) && text[4] == '-' && text[7] == '-';
}
