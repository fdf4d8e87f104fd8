using RocketOps.Store.ConsumeQueues;

namespace RocketOps.Store.Dispatching;

/// <summary>Bit maps that go into the extensions of units: which filters match a message. Used by the thread that owns dispatch.</summary>
internal sealed class UnitBitMaps
{
    private IMessageBitMaps? _source;
    private byte[] _bitMap = [];

    /// <summary>Source of the bit maps; null when no unit gets an extension, or nobody knows which filters match.</summary>
    public IMessageBitMaps? Source
    {
        get => _source;
        set
        {
            _source = value;
            _bitMap = value is null ? [] : new byte[IMessageBitMaps.MaxBytes];
        }
    }

    public bool Wants(StoreTopic topic) => _source?.Wants(topic) == true;

    /// <summary>Computes the bit map of a message whose topic is wanted; borrowed until the next.</summary>
    public ReadOnlySpan<byte> Compute(StoreTopic topic, ReadOnlySpan<byte> properties) =>
        _bitMap.AsSpan(0, _source!.Compute(topic, properties, _bitMap));
}
