using System.Diagnostics.CodeAnalysis;

namespace RocketOps.Broker.Configuration;

/// <summary>The table of delay levels: level n (from 1) waits <see cref="DelayOf"/> before it is delivered. Source: remoting.md §5.2.</summary>
internal sealed class DelayLevels
{
    public const string DefaultText = "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

    private readonly TimeSpan[] _delays;

    private DelayLevels(TimeSpan[] delays)
    {
        _delays = delays;
    }

    public int MaxLevel => _delays.Length;

    public TimeSpan DelayOf(int level) => _delays[level - 1];

    /// <summary>A level beyond the table means the highest.</summary>
    public int Clamp(int level) => Math.Min(level, MaxLevel);

    public static bool TryParse(string text, [NotNullWhen(true)] out DelayLevels? levels)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<TimeSpan> delays = [];
        levels = null;
        foreach (string item in text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (item.Length < 2 || !int.TryParse(item.AsSpan(0, item.Length - 1), out int count) || count < 0)
            {
                return false;
            }

            TimeSpan? unit = item[^1] switch
            {
                's' => TimeSpan.FromSeconds(1),
                'm' => TimeSpan.FromMinutes(1),
                'h' => TimeSpan.FromHours(1),
                'd' => TimeSpan.FromDays(1),
                _ => null,
            };
            if (unit is null)
            {
                return false;
            }

            delays.Add(unit.Value * count);
        }

        if (delays.Count == 0)
        {
            return false;
        }

        levels = new DelayLevels([.. delays]);
        return true;
    }
}
