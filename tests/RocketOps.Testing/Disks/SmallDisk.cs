using System.Diagnostics;
using RocketOps.Testing.Rings;

namespace RocketOps.Testing.Disks;

/// <summary>A file system in memory with a size of its own; only root may make one, so tests that need it are skipped for others, and fail on CI.</summary>
internal sealed class SmallDisk : IDisposable
{
    private SmallDisk(string path)
    {
        Path = path;
    }

    public string Path { get; }

    public static SmallDisk Mount(string path, int kilobytes)
    {
        Require(Environment.IsPrivilegedProcess ? null : "only root can mount a small file system");
        Directory.CreateDirectory(path);
        string error = Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path);
        Require(error.Length == 0 ? null : $"a small file system cannot be mounted here: {error}");
        return new SmallDisk(path);
    }

    /// <summary>Takes so many bytes of it with one file, or all that are left; the file's path.</summary>
    public string Fill(long bytes = long.MaxValue)
    {
        string file = System.IO.Path.Combine(Path, "filler");
        using FileStream filler = new(file, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
        byte[] block = new byte[4096];
        try
        {
            for (long written = 0; written < bytes; written += block.Length)
            {
                filler.Write(block);
            }
        }
        catch (IOException) when (bytes == long.MaxValue)
        {
            // That was all.
        }

        return file;
    }

    /// <summary>Gone from its path at once, and for good when the last process has closed its files.</summary>
    public void Dispose() => Run("umount", "--lazy", Path);

    private static void Require(string? whyMissing)
    {
        string? reason = RingRules.Current.WhySkip(ring: null, whyMissing);
        Skip.If(reason is not null, reason);
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? "" : $"{error} (exit code {process.ExitCode})";
    }
}
