using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using RocketOps.Embedded.Api.Json;

namespace RocketOps.Embedded.Api.Store;

/// <summary>
/// Every object of the server under one version counter, with a bounded window of past changes for watches and exact lists
/// (reference: embedded-api.md §7.3). Readers take immutable snapshots; one lock orders writers.
/// </summary>
internal sealed class ObjectStore : IDisposable
{
    private static readonly ImmutableSortedDictionary<ObjectName, StoredObject> Empty = ImmutableSortedDictionary<ObjectName, StoredObject>.Empty;

    /// <summary>Guards everything below. Nothing is awaited under it; the only I/O is one buffered append to the log.</summary>
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ImmutableSortedDictionary<ObjectName, StoredObject>> _collections = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ChangeHistory> _histories = new(StringComparer.Ordinal);

    /// <summary>The histories of the changes that are remembered, in order.</summary>
    private readonly Queue<(long Version, ChangeHistory History)> _window = new();
    private readonly int _windowSize;
    private readonly ObjectLog? _log;
    private long _version;

    /// <summary>Watches from this version on can be served; the changes up to it are forgotten.</summary>
    private long _windowStart;

    /// <summary>Signal for those who wait for any change; null while nobody does.</summary>
    private TaskCompletionSource? _changed;

    /// <param name="windowSize">Past changes kept. A watch that falls further behind is ended with 410.</param>
    /// <param name="log">Where changes are made durable; null keeps everything in memory.</param>
    public ObjectStore(int windowSize, ObjectLog? log)
    {
        _windowSize = windowSize;
        _log = log;
        _version = 1;
        if (log is not null)
        {
            _version = Math.Max(1, log.Recover(Restore));
        }

        _windowStart = _version;
    }

    /// <summary>Called after each change, in version order, outside the lock's readers but before the writer returns. Must not block.</summary>
    public Action<StoreEvent>? Committed { get; set; }

    public long Version => Volatile.Read(ref _version);

    public StoredObject? Get(string collection, ObjectName name)
    {
        lock (_gate)
        {
            return Collection(collection).GetValueOrDefault(name);
        }
    }

    public CollectionSnapshot Snapshot(string collection)
    {
        lock (_gate)
        {
            return new CollectionSnapshot(_version, Collection(collection));
        }
    }

    /// <summary>The collection as it was at <paramref name="version"/>, or null when that lies before the window.</summary>
    public CollectionSnapshot? SnapshotAt(string collection, long version)
    {
        ImmutableSortedDictionary<ObjectName, StoredObject> objects;
        IReadOnlyList<StoreEvent> undo;
        lock (_gate)
        {
            if (version < _windowStart || version > _version)
            {
                return null;
            }

            objects = Collection(collection);
            undo = History(collection).After(version, int.MaxValue);
        }

        for (int i = undo.Count - 1; i >= 0; i--)
        {
            StoreEvent change = undo[i];
            objects = change.Old is { } old ? objects.SetItem(old.Name, old) : objects.Remove(change.New!.Name);
        }

        return new CollectionSnapshot(version, objects);
    }

    /// <summary>
    /// Replaces, creates (<paramref name="expected"/> null) or deletes (<paramref name="replacement"/> null) an object if it is still
    /// <paramref name="expected"/>. The caller keeps no reference to <paramref name="replacement"/>.
    /// </summary>
    /// <returns>False when somebody else wrote in between. The object is the stored one; for a deletion the last state with the deletion's version.</returns>
    /// <exception cref="IOException">The log could not be written; from then on the store refuses all writes.</exception>
    public (bool Written, StoredObject? Object) Write(string collection, ObjectName name, StoredObject? expected, JsonObject? replacement)
    {
        StoreEvent change;
        lock (_gate)
        {
            ImmutableSortedDictionary<ObjectName, StoredObject> objects = Collection(collection);
            StoredObject? current = objects.GetValueOrDefault(name);
            if (!ReferenceEquals(current, expected))
            {
                return (false, current);
            }

            long version = _version + 1;
            StoredObject? stored = null;
            if (replacement is not null)
            {
                replacement.Metadata()["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
                stored = new StoredObject(collection, name, version, replacement.Freeze());
            }

            _log?.Append(version, collection, name, stored?.Json);
            _version = version;
            _collections[collection] = stored is null ? objects.Remove(name) : objects.SetItem(name, stored);
            change = new StoreEvent(version, current, stored);
            ChangeHistory history = History(collection);
            history.Add(change);
            _window.Enqueue((version, history));
            Forget(_windowSize);
            Committed?.Invoke(change);
            history.Signal();
            _changed?.SetResult();
            _changed = null;
            _log?.CompactIfWorthwhile(_version, () => _collections.Values.SelectMany(c => c.Values));
        }

        return (true, change.New ?? WithVersion(change.Old!, change.Version));
    }

    /// <summary>
    /// Changes of a collection after <paramref name="version"/>. <c>Expired</c> when some of them are forgotten. <c>Next</c> completes at the collection's first change
    /// after this call's view; <c>Version</c> is the store's at that moment.
    /// </summary>
    public (bool Expired, IReadOnlyList<StoreEvent> Events, Task Next, long Version) ChangesAfter(string collection, long version, int limit)
    {
        lock (_gate)
        {
            ChangeHistory history = History(collection);
            if (version < history.Forgotten)
            {
                return (true, [], Task.CompletedTask, _version);
            }

            IReadOnlyList<StoreEvent> events = history.After(version, limit);
            return events.Count == limit ? (false, events, Task.CompletedTask, events[^1].Version) : (false, events, history.Next, _version);
        }
    }

    /// <summary>The version, and what completes at the first change of anything after it.</summary>
    public (long Version, Task Next) Now()
    {
        lock (_gate)
        {
            return (_version, (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task);
        }
    }

    /// <summary>First version a watch may start from.</summary>
    public long OldestVersion => Volatile.Read(ref _windowStart);

    /// <summary>Forgets all past changes, as compaction of the real store does; open watches that are up to date go on.</summary>
    public void ForgetHistory()
    {
        lock (_gate)
        {
            Forget(0);
            _windowStart = _version;
        }
    }

    public IReadOnlyList<StoredObject> All()
    {
        lock (_gate)
        {
            return [.. _collections.Values.SelectMany(c => c.Values)];
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _log?.Dispose();
        }
    }

    /// <summary>A deleted object as watches and clients see it: the last state under the version of its deletion.</summary>
    public static StoredObject WithVersion(StoredObject stored, long version)
    {
        JsonObject node = stored.ToNode();
        node.Metadata()["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture);
        return new StoredObject(stored.Collection, stored.Name, version, node.Freeze());
    }

    private ChangeHistory History(string collection)
    {
        ref ChangeHistory? history = ref CollectionsMarshal.GetValueRefOrAddDefault(_histories, collection, out _);
        return history ??= new ChangeHistory();
    }

    /// <summary>All changes but the last <paramref name="kept"/>.</summary>
    private void Forget(int kept)
    {
        while (_window.Count > kept)
        {
            (_windowStart, ChangeHistory history) = _window.Dequeue();
            history.ForgetOldest();
        }
    }

    private ImmutableSortedDictionary<ObjectName, StoredObject> Collection(string collection) => _collections.GetValueOrDefault(collection, Empty);

    private void Restore(string collection, ObjectName name, StoredObject? stored)
    {
        ImmutableSortedDictionary<ObjectName, StoredObject> objects = Collection(collection);
        _collections[collection] = stored is null ? objects.Remove(name) : objects.SetItem(name, stored);
    }
}

/// <summary>All objects of one collection as of one version of the whole store.</summary>
internal sealed record CollectionSnapshot(long Version, ImmutableSortedDictionary<ObjectName, StoredObject> Objects);

/// <summary>
/// One change. Both sides are kept: a watch with a selector needs to know whether the object matched before.
/// </summary>
/// <param name="Version">The version of the change; a deletion takes one of its own.</param>
/// <param name="Old">Null when the object was created.</param>
/// <param name="New">Null when it was deleted.</param>
internal sealed record StoreEvent(long Version, StoredObject? Old, StoredObject? New)
{
    public string Collection => (New ?? Old)!.Collection;
}
