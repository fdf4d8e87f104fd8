using Microsoft.Extensions.Logging;
using RocketOps.Store.Contracts;
using RocketOps.Store.Files;

namespace RocketOps.Store;

/// <summary>
/// Locks on the folders of a store. The lock file is in the root alone, and a broker with another root may name the same commit log; so
/// each folder is locked itself, which adds no file: Apache's broker refuses a commit log with a file that is not its own. One thread.
/// </summary>
internal sealed partial class FolderLocks(IStoreFileSystem files, ILogger logger) : IDisposable
{
    private readonly List<(StoreFolder Folder, IDisposable? Lock)> _taken = [];

    /// <summary>
    /// Locks those of the folders that exist and are not locked yet. Throws <see cref="StoreException"/> when another process has one, or
    /// two are one. Warns where a file system has no such locks.
    /// </summary>
    public void Take(IEnumerable<StoreFolder> folders)
    {
        List<string> unsupported = [];
        foreach (StoreFolder folder in folders)
        {
            if (files.DirectoryExists(folder.Path) && !_taken.Exists(taken => taken.Folder == folder))
            {
                _taken.Add((folder, Lock(folder, unsupported)));
            }
        }

        if (unsupported.Count > 0)
        {
            LogUnsupported(string.Join(", ", unsupported));
        }
    }

    public void Dispose()
    {
        foreach ((_, IDisposable? held) in _taken)
        {
            held?.Dispose();
        }

        _taken.Clear();
    }

    private IDisposable? Lock(StoreFolder folder, List<string> unsupported)
    {
        foreach ((StoreFolder other, _) in _taken)
        {
            if (files.IsSameDirectory(folder.Path, other.Path))
            {
                throw new StoreException(
                    $"{other.Path} ({other.Key}) and {folder.Path} ({folder.Key}) are one folder. The store keeps other files in each of "
                        + $"them. Set storePathRootDir and storePathCommitLog "
                    + "to two folders, or remove the link or the mount that makes them one. Nothing was changed.");
            }
        }

        try
        {
            return files.TryLockDirectory(folder.Path) ?? throw new StoreException(
                $"{folder.Path} ({folder.Key}) is in use: another broker has locked this folder, by this name or by another. Does the "
                    + $"configuration of another broker name it in storePathRootDir or "
                + "storePathCommitLog, or does a link or a mount lead there? Give each broker folders of its own, or stop the other one. "
                    + "Nothing was changed.");
        }
        catch (StoreIOException e) when (e.IsLockUnsupported)
        {
            unsupported.Add($"{folder.Path} ({e.Message})");
            return null;
        }
    }

    [LoggerMessage(EventId = 2010, Level = LogLevel.Warning, Message = "The file system cannot lock folders, so that nothing keeps a second broker out of them but the lock file in "
        + "storePathRootDir. "
        + "Take care that no other broker uses them: {Folders}")]
    private partial void LogUnsupported(string folders);
}

/// <summary>A folder of a store.</summary>
/// <param name="Path">Where it is.</param>
/// <param name="Key">The key of the configuration that names it, or the folder above it.</param>
internal readonly record struct StoreFolder(string Path, string Key);
