using RocketOps.Store.Files;
using RocketOps.Store.Log;

namespace RocketOps.Store.Reading;

/// <summary>Messages where they lie in the page cache, until it is disposed. Only for system calls: a program that reads there itself is ended when the disk fails.</summary>
public readonly ref struct MappedMessages
{
    private readonly CutFence _cuts;
    private readonly FileMapping _mapping;
    private readonly long _base;

    internal MappedMessages(CutFence cuts, FileMapping mapping, long baseOffset)
    {
        _cuts = cuts;
        _mapping = mapping;
        _base = baseOffset;
    }

    /// <summary>Returns the address of the record at that offset; records that are neighbours in the log are neighbours here.</summary>
    public nint AddressOf(PhysicalOffset offset) => _mapping.AddressOf(offset.Value - _base);

    public void Dispose()
    {
        _cuts.TakeBack();
        _mapping.DangerousRelease();
    }
}
