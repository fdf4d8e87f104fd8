using System.Globalization;

namespace RocketOps.Cli.Up;

/// <summary>The folder of one local control plane, locked for as long as it runs.</summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    public string Api => System.IO.Path.Combine(Path, "api");

    public string PodLogs => System.IO.Path.Combine(Path, "logs", "pods");

    public string LogFile => System.IO.Path.Combine(Path, "logs", "rocketops.log");

    public string Kubeconfig => System.IO.Path.Combine(Path, "kubeconfig");

    /// <summary>Creates the folder if needed and locks it. Throws <see cref="CommandFailedException"/> when another process has it.</summary>
    public static DataDirectory Open(string path)
    {
        Directory.CreateDirectory(path);
        Directory.CreateDirectory(System.IO.Path.Combine(path, "logs", "pods"));
        var file = System.IO.Path.Combine(path, "lock");
        FileStream locked;
        try
        {
            // The lock is the kernel's and ends with the process, however that ends.
            locked = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException taken)
        {
            throw new CommandFailedException($"{path} is in use by another rocketops up. Stop that one, or choose another folder with --data.", taken);
        }

        locked.SetLength(0);
        using (var writer = new StreamWriter(locked, leaveOpen: true))
        {
            writer.WriteLine(Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        }

        return new DataDirectory(path, locked);
    }

    public void Dispose() => _lock.Dispose();
}
