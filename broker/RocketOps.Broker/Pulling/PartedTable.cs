using System.Diagnostics.CodeAnalysis;

namespace RocketOps.Broker.Pulling;

/// <summary>
/// A dictionary in parts, whose room follows what is in it. A dictionary that grows or shrinks is copied, and none shrinks by itself: a part is made smaller when little of it is used, and what is copied
/// at a time is a sixteenth. Not thread-safe.
/// </summary>
internal sealed class PartedTable<TKey, TValue>(IEqualityComparer<TKey> comparer)
    where TKey : notnull
{
    private const int Parts = 16;

    /// <summary>Room that a part may keep whatever it is used for.</summary>
    private const int SmallPart = 16;

    /// <summary>A part shrinks when that fraction of it is used, to half used: it is not copied again before much more has come or gone.</summary>
    private const int UsedFraction = 8;

    private Dictionary<TKey, TValue>?[] _parts = [];

    public int Count { get; private set; }

    /// <summary>Entries there is room for.</summary>
    public int Capacity => _parts.Sum(static part => part?.Capacity ?? 0);

    public bool TryGetValue(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (Count > 0 && _parts[PartOf(key)] is { } part)
        {
            return part.TryGetValue(key, out value);
        }

        value = default;
        return false;
    }

    public void Add(TKey key, TValue value)
    {
        if (_parts.Length == 0)
        {
            _parts = new Dictionary<TKey, TValue>?[Parts];
        }

        int index = PartOf(key);
        Dictionary<TKey, TValue> part = _parts[index] ??= new Dictionary<TKey, TValue>(comparer);
        part.Add(key, value);
        Count++;
    }

    /// <summary>Does nothing when it is not there.</summary>
    public void Remove(TKey key)
    {
        if (Count == 0 || _parts[PartOf(key)] is not { } part || !part.Remove(key))
        {
            return;
        }

        Count--;
        if (part.Capacity > SmallPart && part.Count <= part.Capacity / UsedFraction)
        {
            part.TrimExcess(2 * part.Count);
        }
    }

    private int PartOf(TKey key) => (int)((uint)comparer.GetHashCode(key) % Parts);
}
