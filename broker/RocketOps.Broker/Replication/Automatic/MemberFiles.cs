using System.Text;
using RocketOps.Replication.Epochs;
using RocketOps.Replication.Members;
using RocketOps.Store;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Replication.Automatic;

// memberRun. Ours alone: one line of ASCII, "flush=SYNC_FLUSH" or "flush=ASYNC_FLUSH", with its line end: how the run that begins there flushes. Anything else counts as ASYNC_FLUSH.
//
// Keep in sync: docs/formats/replication.md.

/// <summary>
/// What a member keeps beside its store: which copy of which group it is, what it has promised, and which master wrote which part of its log. Each file is replaced as a whole and is durable when a
/// write returns. One thread at a time writes a file.
/// </summary>
internal sealed class MemberFiles(IStoreFileSystem files, string directory)
{
    public const string RunName = "memberRun";

    private static readonly byte[] SyncRun = Encoding.ASCII.GetBytes("flush=SYNC_FLUSH\n");
    private static readonly byte[] AsyncRun = Encoding.ASCII.GetBytes("flush=ASYNC_FLUSH\n");

    /// <summary>
    /// What is known after a start. A store that can have lost what it acknowledged is another copy from now on: a power cut takes what was acknowledged with ASYNC_FLUSH, and damage takes anything.
    /// Throws <see cref="InvalidDataException"/> with what to do when a file is damaged, <see cref="StoreIOException"/> when the disk fails.
    /// </summary>
    /// <param name="continuity">As the store found it.</param>
    /// <param name="flush">How this run flushes: noted for the next start.</param>
    public MemberState Load(StoreContinuity continuity, FlushDiskType flush)
    {
        MemberState? before = Read(MemberStateFile.Name, MemberStateFile.MaxBytes) is { } file ? MemberStateFile.Decode(file, PathOf(MemberStateFile.Name)) : null;
        bool wasSync = Read(RunName, SyncRun.Length + 16) is { } run && run.AsSpan().SequenceEqual(SyncRun);
        bool hasAll = continuity.HasDurable && (continuity.HasKernel || wasSync);
        MemberState state = before is null ? new MemberState(string.Empty, NewId(), 0, 0)
            : hasAll ? before
            : before with { Incarnation = NewId() };
        if (state != before)
        {
            Write(state);
        }

        // Afterwards: whoever stops in between is judged by how the run before flushed.
        Replace(RunName, flush == FlushDiskType.SyncFlush ? SyncRun : AsyncRun);
        return state;
    }

    /// <summary>The group that the store here belongs to; empty when it belongs to none. Nothing is opened for writing. Throws as <see cref="Load"/> does.</summary>
    public string FindGroup() => Read(MemberStateFile.Name, MemberStateFile.MaxBytes) is { } file ? MemberStateFile.Decode(file, PathOf(MemberStateFile.Name)).GroupId : string.Empty;

    public void Write(MemberState state) => Replace(MemberStateFile.Name, MemberStateFile.Encode(state));

    /// <summary>Epochs of which this log has nothing are forgotten: they were begun and not written in, or announced by a master and not copied.</summary>
    public EpochHistory LoadEpochs(long logEnd) =>
        Read(EpochFile.Name, EpochFile.MaxBytes) is { } file ? EpochFile.Decode(file, PathOf(EpochFile.Name)).CutTo(logEnd) : EpochHistory.Empty;

    public void Write(EpochHistory epochs) => Replace(EpochFile.Name, EpochFile.Encode(epochs));

    private static string NewId() => Guid.NewGuid().ToString("N");

    private string PathOf(string name) => Path.Combine(directory, name);

    private byte[]? Read(string name, int maxBytes)
    {
        string path = PathOf(name);
        if (!files.FileExists(path))
        {
            return null;
        }

        using IStoreFile file = files.Open(path, FileOpenMode.Read);
        if (file.Length > maxBytes)
        {
            throw new InvalidDataException($"{path} has {file.Length} bytes, it cannot be what this broker wrote there; move it away (docs/formats/replication.md tells what is lost with it)");
        }

        byte[] content = new byte[file.Length];
        return content[..file.Read(content, 0)];
    }

    private void Replace(string name, ReadOnlySpan<byte> content)
    {
        string path = PathOf(name);
        using (IStoreFile file = files.Open($"{path}.tmp", FileOpenMode.Truncate))
        {
            file.Write(content, 0);
            file.FlushData();
        }

        files.Rename($"{path}.tmp", path);
        files.FlushDirectory(directory);
    }
}
