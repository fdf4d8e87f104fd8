using System.Security.Cryptography;
using RocketOps.Hosting.Files;
using RocketOps.Replication.Leases;

namespace RocketOps.Broker.Replication.Leases;

/// <summary>
/// Keeps a group's lease in a file that all members share, on one machine: for tests, and for groups that have to survive processes and not machines. The file is replaced as a whole, durably,
/// by whoever holds the lock of the file beside it, which the kernel takes back from a process that dies. Its version is a digest of its bytes, so a change by an editor counts as well. Thread-safe.
/// </summary>
internal sealed class FileLeaseStore(string path, TimeProvider time) : ILeaseStore
{
    private static readonly TimeSpan LockRetry = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(100);

    // EWOULDBLOCK of flock(2), and ERROR_SHARING_VIOLATION.
    private const int IsHeld = 11;
    private const int IsHeldOnWindows = unchecked((int)0x80070020);

    private readonly string _path = Path.GetFullPath(path);

    public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken) => AskAsync(() => ReadFileAsync(cancellationToken));

    public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) => AskAsync(async () =>
    {
        await using FileStream held = await LockAsync(cancellationToken);
        byte[]? there = await ReadBytesAsync(cancellationToken);
        if (VersionOf(there) != expectedVersion)
        {
            return null;
        }

        byte[] content = LeaseFile.Encode(record, Guid.NewGuid());
        await new DurableFile(_path).WriteAsync(content);
        return VersionOf(content);
    });

    public async Task WaitForChangeAsync(string? seenVersion, TimeSpan patience, CancellationToken cancellationToken)
    {
        long since = time.GetTimestamp();
        while (await AskAsync(async () => VersionOf(await ReadBytesAsync(cancellationToken))) == seenVersion && time.GetElapsedTime(since) < patience)
        {
            await Task.Delay(LookPeriod, time, cancellationToken);
        }
    }

    /// <summary>The file is only ever renamed to its place: whoever reads it reads one write.</summary>
    private async Task<VersionedLease?> ReadFileAsync(CancellationToken cancellationToken) =>
        await ReadBytesAsync(cancellationToken) is { } content ? new VersionedLease(LeaseFile.Decode(content, _path), VersionOf(content)!) : null;

    private async Task<byte[]?> ReadBytesAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using FileStream file = new(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 4096, FileOptions.Asynchronous);
            if (file.Length > LeaseFile.MaxBytes)
            {
                throw new InvalidDataException($"{_path} has {file.Length} bytes: it is no lease");
            }

            byte[] content = new byte[file.Length];
            await file.ReadExactlyAsync(content, cancellationToken);
            return content;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        while (true)
        {
            try
            {
                // Never deleted: two processes would hold locks of two files of one name.
                return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException held) when (held.HResult is IsHeld or IsHeldOnWindows)
            {
                await Task.Delay(LockRetry, time, cancellationToken);
            }
        }
    }

    private async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new LeaseStoreException($"the lease in {_path}: {failure.Message}", failure);
        }
    }

    private static string? VersionOf(byte[]? content) => content is null ? null : Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16));
}
