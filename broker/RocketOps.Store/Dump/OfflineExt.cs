using RocketOps.Store.ConsumeQueues;
using RocketOps.Store.Files;

namespace RocketOps.Store.Dump;

/// <summary>The extensions of one queue of a store that is looked at; their files may have any length.</summary>
internal sealed class OfflineExt(IStoreFileSystem files, IReadOnlyList<(string Path, long Offset)> found) : IDisposable
{
    private IStoreFile? _file;
    private byte[] _bytes = [];

    /// <summary>The extension a unit points to, borrowed until the next call; false when there is none.</summary>
    public bool TryRead(long address, out ExtUnit unit)
    {
        long offset = ExtAddress.OffsetOf(address);
        unit = default;
        (string Path, long Offset) place = found.LastOrDefault(file => file.Offset <= offset);
        if (place.Path is null)
        {
            return false;
        }

        if (_file?.Path != place.Path)
        {
            _file?.Dispose();
            _file = files.Open(place.Path, FileOpenMode.Read);
        }

        return Fill(_file, offset - place.Offset, ExtUnit.FixedBytes)
            && ExtUnit.SizeAt(_bytes) is > 0 and var size
            && Fill(_file, offset - place.Offset, size)
            && ExtUnit.TryRead(_bytes, out unit);
    }

    public void Dispose() => _file?.Dispose();

    private bool Fill(IStoreFile file, long at, int length)
    {
        if (_bytes.Length < length)
        {
            _bytes = new byte[length];
        }

        return file.Read(_bytes.AsSpan(0, length), at) == length;
    }
}
