using System.Globalization;

namespace RocketOps.WaitingLoad;

/// <summary>How late messages were, in milliseconds. Thread-safe.</summary>
internal sealed class Latenesses
{
    private readonly Lock _lock = new();
    private readonly List<long> _all = [];

    public int Count => _all.Count;

    public void Add(long ms)
    {
        lock (_lock)
        {
            _all.Add(ms);
        }
    }

    /// <summary>Percentiles as <c>prefix50=… prefix99=… prefix999=… prefixMax=…</c> and how many were early.</summary>
    public string Describe(string prefix)
    {
        _all.Sort();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{prefix}Early={_all.Count(static ms => ms < 0)} {prefix}50={At(0.5)} {prefix}99={At(0.99)} {prefix}999={At(0.999)} {prefix}Max={At(1)}");
    }

    private long At(double share) => _all.Count == 0 ? -1 : _all[Math.Min(_all.Count - 1, (int)(_all.Count * share))];
}
