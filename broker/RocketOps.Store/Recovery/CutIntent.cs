using System.Buffers.Binary;
using System.IO.Hashing;
using RocketOps.Store.Files;

namespace RocketOps.Store.Recovery;

/// <summary>
/// A cut of the log that has begun. Its file is durable before anything is changed and goes when everything is, so that a start in between carries the cut out. One that
/// was not written whole counts for nothing: nothing had been changed.
/// </summary>
/// <param name="Offset">Where the log is to end.</param>
/// <param name="RebuildFrom">From where on the index is then to be completed from the log; the same offset or an earlier one.</param>
// truncation, 28 bytes, of RocketOps alone. All integers big-endian.
//   off   size  field
//   0     8     "RKOPCUT1"
//   8     8     offset
//   16    8     rebuildFrom
//   24    4     crc    CRC-32 of the 24 bytes before
internal sealed record CutIntent(long Offset, long RebuildFrom)
{
    private const int FileBytes = 28;

    private static ReadOnlySpan<byte> Magic => "RKOPCUT1"u8;

    public static CutIntent? Read(IStoreFileSystem files, string rootDirectory)
    {
        if (!files.FileExists(PathIn(rootDirectory)))
        {
            return null;
        }

        using IStoreFile file = files.Open(PathIn(rootDirectory), FileOpenMode.Read);
        Span<byte> bytes = stackalloc byte[FileBytes];
        return file.Read(bytes, 0) == FileBytes && bytes[..8].SequenceEqual(Magic) && BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]) == Crc32.HashToUInt32(bytes[..24])
            ? new CutIntent(BinaryPrimitives.ReadInt64BigEndian(bytes[8..]), BinaryPrimitives.ReadInt64BigEndian(bytes[16..]))
            : null;
    }

    public static void Remove(IStoreFileSystem files, string rootDirectory)
    {
        if (files.FileExists(PathIn(rootDirectory)))
        {
            files.DeleteFile(PathIn(rootDirectory));
            files.FlushDirectory(rootDirectory);
        }
    }

    public void Write(IStoreFileSystem files, string rootDirectory)
    {
        Span<byte> bytes = stackalloc byte[FileBytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], Offset);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], RebuildFrom);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[24..], Crc32.HashToUInt32(bytes[..24]));
        using IStoreFile file = files.Open(PathIn(rootDirectory), FileOpenMode.Truncate);
        file.Write(bytes, 0);
        file.FlushData();
        files.FlushDirectory(rootDirectory);
    }

    private static string PathIn(string rootDirectory) => Path.Combine(rootDirectory, "truncation");
}
