using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace RocketOps.Broker.Names;

/// <summary>A concurrent table keyed by name; found by string or by the name's UTF-8 bytes, without locks or allocation on lookup.</summary>
internal sealed class NameTable<TValue>
    where TValue : class
{
    private readonly ConcurrentDictionary<string, TValue> _entries = new(Utf8NameComparer.Instance);
    private readonly ConcurrentDictionary<string, TValue>.AlternateLookup<ReadOnlySpan<byte>> _byUtf8;

    public NameTable()
    {
        _byUtf8 = _entries.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>The live table for cold code: enumeration, snapshots, compare-and-remove.</summary>
    public ConcurrentDictionary<string, TValue> Entries => _entries;

    public bool TryGet(ReadOnlySpan<byte> utf8Name, [MaybeNullWhen(false)] out TValue value) => _byUtf8.TryGetValue(utf8Name, out value);

    public bool TryGet(string name, [MaybeNullWhen(false)] out TValue value) => _entries.TryGetValue(name, out value);
}
