using System.Buffers.Binary;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store.Recovery;

/// <summary>
/// Identity that the checkpoint holds to tell whether all that the kernel took is still there: the kernel's boot id, and which attachments
/// of disks the store lies on.
/// </summary>
internal static class BootIds
{
    /// <summary>Empty when the boot is not known; it equals no other then.</summary>
    public static Guid Of(IStoreFileSystem files, StoreOptions options)
    {
        if (!Guid.TryParse(files.BootId, out Guid boot))
        {
            return Guid.Empty;
        }

        // A disk that is not known leaves the boot id as it is.
        Span<byte> id = stackalloc byte[16];
        boot.TryWriteBytes(id);
        BinaryPrimitives.WriteInt64LittleEndian(id, BinaryPrimitives.ReadInt64LittleEndian(id) ^ files.GetDiskSequence(options.RootDirectory));
        BinaryPrimitives.WriteInt64LittleEndian(id[8..], BinaryPrimitives.ReadInt64LittleEndian(id[8..]) ^ files.GetDiskSequence(options.CommitLogPath));
        return new Guid(id);
    }
}
