using System.Diagnostics;

namespace RocketOps.Store.Tests.Support;

/// <summary>A file system in memory with a size of its own; only root may make one, so tests that need it are skipped for others.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path)
    {
        Path = path;
    }

    public string Path { get; }

    public static SmallDisk Mount(string path, int kilobytes)
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "Only root can mount a small file system.");
        Directory.CreateDirectory(path);
        var error = Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path);
        Skip.If(error.Length > 0, $"A small file system cannot be mounted here: {error}");
        return new SmallDisk(path);
    }

    public void Dispose() => Run("umount", Path);

    private static string Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : $"{error} (exit code {process.ExitCode})";
    }
}
