using System.Globalization;
using RocketOps.Cli.Running;

namespace RocketOps.Cli.Up;

/// <summary>The folder of one local control plane, locked for as long as it runs.</summary>
internal sealed class DataDirectory : IDisposable
{
    // A broker's first message takes 16 MiB, and a queue and an index file beside it; a cluster has two brokers or more.
    private const long RoomToBegin = 64 * Mebibyte;

    private const long Mebibyte = 1024 * 1024;

    // EWOULDBLOCK of flock, which .NET passes on as it is.
    private const int WouldBlock = 11;

    private const string ApiFolder = "api";

    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    public string Api => System.IO.Path.Combine(Path, ApiFolder);

    public string PodLogs => System.IO.Path.Combine(Path, "logs", "pods");

    public string LogFile => System.IO.Path.Combine(Path, "logs", "rocketops.log");

    public string Kubeconfig => System.IO.Path.Combine(Path, "kubeconfig");

    /// <summary>Creates the folder if needed and locks it. Throws <see cref="CommandFailedException"/> when another process has it or it cannot be written.</summary>
    public static DataDirectory Open(string path)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.Combine(path, "logs", "pods"));
            return new DataDirectory(path, Lock(System.IO.Path.Combine(path, "lock")));
        }
        catch (IOException taken) when (taken.HResult == WouldBlock)
        {
            throw new CommandFailedException($"{path} is in use by another rocketops up. Stop that one, or choose another folder with --data.", taken);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The framework's words for a folder that the system does not let be made are those for a file that is missing.
            string reason = failure is FileNotFoundException or DirectoryNotFoundException ? "no folder can be made there." : failure.Message;
            throw new CommandFailedException($"{path} cannot be the data folder: {reason} Choose another one with --data.", failure);
        }
    }

    /// <summary>Tells whether an earlier run has left objects in a folder, which need not exist.</summary>
    public static bool HoldsObjects(string path)
    {
        string api = System.IO.Path.Combine(path, ApiFolder);
        return Directory.Exists(api) && Directory.EnumerateFileSystemEntries(api).Any();
    }

    /// <summary>Returns a warning when its disk has hardly any room; null when it has some, or does not tell.</summary>
    public string? LackOfRoom()
    {
        try
        {
            return LackOfRoom(Path, new DriveInfo(Path).AvailableFreeSpace);
        }
        catch (Exception untold) when (untold is IOException or UnauthorizedAccessException)
        {
            // A file system that does not tell may have room: writing will show.
            return null;
        }
    }

    /// <summary>The same for a disk with so many bytes free.</summary>
    public static string? LackOfRoom(string path, long freeBytes) => freeBytes switch
    {
        >= RoomToBegin => null,
        >= Mebibyte => string.Create(CultureInfo.InvariantCulture, $"The disk of {path} has {freeBytes / Mebibyte} MiB free, and each broker takes 16 MiB of it at a time: make room, or choose another disk with --data."),
        _ => $"The disk of {path} is full: messages are refused, and what changes may be neither stored nor shown. Make room and all goes on by itself, or choose another disk with --data.",
    };

    /// <summary>The lock is the kernel's and ends with the process, however that ends.</summary>
    private static FileStream Lock(string file)
    {
        FileStream locked = new(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        locked.SetLength(0);
        using StreamWriter writer = new(locked, leaveOpen: true);
        writer.WriteLine(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return locked;
    }

    public void Dispose() => _lock.Dispose();
}
