using System.Text;
using RocketOps.Election.Epochs;
using RocketOps.Election.Members;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Broker.Failover;

// memberRun. Ours alone: one line of ASCII, "flush=SYNC_FLUSH" or "flush=ASYNC_FLUSH", with its line end: how the run that begins there flushes. " failed" before the line end: the log failed in that run. Anything else counts
// as ASYNC_FLUSH, also to versions that do not know the word.
//
// Keep in sync: docs/formats/replication.md.

/// <summary>
/// Files that a member keeps beside its store: which copy of which group it is, what it has promised, and which master wrote which part of
/// its log. Each file is replaced as a whole and is durable when a write returns. One thread at a time writes a file.
/// </summary>
/// <param name="files">The disk.</param>
/// <param name="directory">Where the store is.</param>
/// <param name="newId">Makes ids of copies; null for random ones.</param>
internal sealed class MemberFiles(IStoreFileSystem files, string directory, Func<string>? newId = null)
{
    public const string RunName = "memberRun";

    private const int MaxRunBytes = 32;
    private const string SyncRun = "flush=SYNC_FLUSH";
    private const string AsyncRun = "flush=ASYNC_FLUSH";
    private const string FailedRun = " failed";

    private string _run = AsyncRun;
    private bool _isOfGroup;

    /// <summary>
    /// Loads what is known after a start. A store that can have lost what it acknowledged is another copy from now on: a power cut takes
    /// what was acknowledged with ASYNC_FLUSH, damage takes anything, a log that failed may have lost anything, and where a file is gone
    /// that a member's store always has, others may be gone. Epochs of which the log has nothing are forgotten: they were begun and not
    /// written in, or announced by a master and not copied. Throws <see cref="InvalidDataException"/> with what to do when a file is
    /// damaged, or missing so that the log can be nobody's copy, <see cref="StoreIOException"/> when the disk fails.
    /// </summary>
    /// <param name="continuity">As the store found it.</param>
    /// <param name="flush">How this run flushes: noted for the next start.</param>
    /// <param name="logStart">Offset of the log's oldest byte.</param>
    /// <param name="logEnd">Offset behind its last byte.</param>
    public (MemberState State, EpochHistory Epochs) Load(StoreContinuity continuity, FlushDiskType flush, long logStart, long logEnd)
    {
        MemberState? before = ReadState();
        EpochHistory? epochs = Read(EpochFile.Name, EpochFile.MaxBytes) is { } file ? EpochFile.Decode(file, PathOf(EpochFile.Name)) : null;
        _isOfGroup = before is { GroupId.Length: > 0 };
        if (_isOfGroup && epochs is null && logStart < logEnd)
        {
            // With no history it would cut what it acknowledged when it follows, and make all others cut it when it leads.
            throw new InvalidDataException(
                $"{PathOf(EpochFile.Name)} is missing, and this store belongs to group {before!.GroupId}: which master wrote which part of its log is not known, so it can neither lead nor follow. Put the file back if it was moved; if it is lost, move the whole store away and start this member empty; another member has a copy. If this is the last copy, see docs/replication.md.");
        }

        string run = Read(RunName, MaxRunBytes) is { } line ? Encoding.ASCII.GetString(line).TrimEnd('\n') : string.Empty;
        bool wasSync = run == SyncRun;
        bool hasFailed = run.EndsWith(FailedRun, StringComparison.Ordinal);
        bool hasFiles = !_isOfGroup || (epochs is not null && continuity.HasCheckpoint);
        bool hasAll = hasFiles && !hasFailed && !continuity.HasDamage && continuity.HasDurable && (continuity.HasKernel || wasSync);
        MemberState state = before is null ? new MemberState(string.Empty, NewId(), LastOf(epochs), 0)
            : hasAll ? before
            : before with { Incarnation = NewId() };
        if (_isOfGroup && epochs is null)
        {
            Write(EpochHistory.Empty);
        }

        if (state != before)
        {
            Write(state);
        }

        // Afterwards: whoever stops in between is judged by how the run before flushed, and ended.
        _run = flush == FlushDiskType.SyncFlush ? SyncRun : AsyncRun;
        if (_run != run)
        {
            // As it is there already it needs no room: a member starts on a full disk too.
            WriteRun(_run);
        }

        return (state, (epochs ?? EpochHistory.Empty).CutTo(logEnd));
    }

    /// <summary>
    /// The key of this store's member, and whether it was there: a missing or damaged one is made anew, as the member can tell the others by the lease. Throws <see cref="StoreIOException"/> when the disk fails.
    /// </summary>
    public (MemberKey Key, bool WasThere) LoadKey()
    {
        string path = PathOf(MemberKey.FileName);
        if (TryRead(MemberKey.FileName, MemberKey.MaxFileBytes) is { } file && MemberKey.Decode(file) is { } kept)
        {
            return (kept, true);
        }

        // A file that somebody left there would keep its rights.
        if (files.FileExists($"{path}.tmp"))
        {
            files.DeleteFile($"{path}.tmp");
        }

        MemberKey key = MemberKey.New();
        Replace(MemberKey.FileName, key.Encode(), FileOpenMode.TruncatePrivate);
        return (key, false);
    }

    /// <summary>The log has failed in this run: what was acknowledged may be gone, whatever the next start finds. After <see cref="Load"/>. Throws <see cref="StoreIOException"/> when the disk takes not even this.</summary>
    public void NoteFailure() => WriteRun(_run + FailedRun);

    /// <summary>The group that the store here belongs to; empty when it belongs to none. Nothing is opened for writing. Throws as <see cref="Load"/> does.</summary>
    public string FindGroup() => ReadState()?.GroupId ?? string.Empty;

    public void Write(MemberState state)
    {
        if (!_isOfGroup && state.GroupId.Length > 0)
        {
            // First: a founder that is killed before its first epoch begins must not look as if it had lost the file. Only when it joins: later, a file that is gone was lost.
            if (!files.FileExists(PathOf(EpochFile.Name)))
            {
                Write(EpochHistory.Empty);
            }

            _isOfGroup = true;
        }

        Replace(MemberStateFile.Name, MemberStateFile.Encode(state));
    }

    public void Write(EpochHistory epochs) => Replace(EpochFile.Name, EpochFile.Encode(epochs));

    /// <summary>
    /// Returns the last epoch of the history; 0 for none. Without its promise, a member knows by its epochs that it must not begin one of
    /// these, or one before them: its log could not have that.
    /// </summary>
    private static long LastOf(EpochHistory? epochs) => epochs is { Entries: [.., var last] } ? last.Epoch : 0;

    /// <summary>An incarnation that no copy ever had.</summary>
    public string NewId() => newId?.Invoke() ?? Guid.NewGuid().ToString("N");

    private void WriteRun(string run) => Replace(RunName, Encoding.ASCII.GetBytes($"{run}\n"));

    private MemberState? ReadState() => Read(MemberStateFile.Name, MemberStateFile.MaxBytes) is { } file ? MemberStateFile.Decode(file, PathOf(MemberStateFile.Name)) : null;

    private string PathOf(string name) => Path.Combine(directory, name);

    private byte[]? Read(string name, int maxBytes) => !files.FileExists(PathOf(name)) ? null : TryRead(name, maxBytes) ?? throw new InvalidDataException(
        $"{PathOf(name)} has more than {maxBytes} bytes, it cannot be what this broker wrote there; move it away (docs/formats/replication.md tells what is lost with it)");

    /// <summary>Null when it is missing, or too long to be one of ours.</summary>
    private byte[]? TryRead(string name, int maxBytes)
    {
        if (!files.FileExists(PathOf(name)))
        {
            return null;
        }

        using IStoreFile file = files.Open(PathOf(name), FileOpenMode.Read);
        if (file.Length > maxBytes)
        {
            return null;
        }

        byte[] content = new byte[file.Length];
        return content[..file.Read(content, 0)];
    }

    private void Replace(string name, ReadOnlySpan<byte> content, FileOpenMode mode = FileOpenMode.Truncate)
    {
        string path = PathOf(name);
        using (IStoreFile file = files.Open($"{path}.tmp", mode))
        {
            file.Write(content, 0);
            file.FlushData();
        }

        files.Rename($"{path}.tmp", path);
        files.FlushDirectory(directory);
    }
}
