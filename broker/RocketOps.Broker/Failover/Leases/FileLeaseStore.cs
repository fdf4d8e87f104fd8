using System.Security.Cryptography;
using RocketOps.Election.Leases;

namespace RocketOps.Broker.Failover.Leases;

/// <summary>
/// Keeps a group's lease in a file that all members share, on one machine: for tests, and for groups that have to survive processes and not machines. The file is replaced as a whole, durably,
/// by whoever has the turn (<see cref="LeaseFileTurn"/>). Its version is a digest of its bytes, so a change by an editor counts as well. Thread-safe.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="time">Of the machine, but in tests.</param>
/// <param name="turnPatience">How long another member's turn may last; null for half a second, which a write of some hundred bytes takes only where a process stands still.</param>
internal sealed class FileLeaseStore(string path, TimeProvider time, TimeSpan? turnPatience = null) : ILeaseStore
{
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(100);

    private readonly string _path = Path.GetFullPath(path);
    private readonly TimeSpan _turnPatience = turnPatience ?? TimeSpan.FromMilliseconds(500);

    public Task<VersionedLease?> ReadAsync(CancellationToken cancellationToken) => AskAsync(() => ReadFileAsync(cancellationToken));

    public Task<string?> TryWriteAsync(LeaseRecord record, string? expectedVersion, CancellationToken cancellationToken) => AskAsync(async () =>
    {
        if (VersionOf(await ReadBytesAsync(cancellationToken)) != expectedVersion)
        {
            return null;
        }

        byte[] content = LeaseFile.Encode(record, Guid.NewGuid());
        using LeaseFileTurn turn = await LeaseFileTurn.TakeAsync(_path, content, _turnPatience, time, cancellationToken);
        return VersionOf(await ReadBytesAsync(cancellationToken)) == expectedVersion && turn.TryReplace() ? VersionOf(content) : null;
    });

    public async Task WatchAsync(string? seenVersion, TimeSpan patience, Action<VersionedLease?> seen, CancellationToken cancellationToken)
    {
        string? shown = seenVersion;
        for (long since = time.GetTimestamp(); time.GetElapsedTime(since) < patience; await Task.Delay(LookPeriod, time, cancellationToken))
        {
            VersionedLease? now = await ReadAsync(cancellationToken);
            if (now?.Version != shown)
            {
                shown = now?.Version;
                seen(now);
            }
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
