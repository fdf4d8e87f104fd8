using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace RocketOps.Hosting.Files;

/// <summary>
/// A small file replaced as a whole: whatever is cut off, the old content or the new one is there afterwards, and the new one once a write has returned.
/// Writers of one file take turns. The broker's files go through the store's seam instead, where tests lose and tear every single call.
/// </summary>
/// <param name="path">The file; its folder is made when missing.</param>
/// <param name="flushFolder">Makes renames in a folder durable; null for fsync(2).</param>
/// <param name="isPrivate">Whether its owner alone may read and write it. Windows keeps the folder's rights.</param>
public sealed class DurableFile(string path, Action<string>? flushFolder = null, bool isPrivate = false)
{
    private readonly string _path = Path.GetFullPath(path);
    private readonly Action<string> _flushFolder = flushFolder ?? FlushFolder;

    /// <summary>Replaces the content, on another thread. Else as <see cref="Write"/>.</summary>
    public Task WriteAsync(ReadOnlyMemory<byte> content) => Task.Run(() => Write(content.Span));

    /// <summary>
    /// Replaces the content, and waits for the disk. Throws <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/> when
    /// that fails.
    /// </summary>
    public void Write(ReadOnlySpan<byte> content)
    {
        string folder = Path.GetDirectoryName(_path)!;
        Directory.CreateDirectory(folder);
        WholeFile.Replace(_path, content, isPrivate, isDurable: true);
        _flushFolder(folder);
    }

    /// <summary>Makes renames in a folder durable. Throws <see cref="IOException"/> when that fails.</summary>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            // A folder cannot be flushed there, and NTFS writes renames in order.
            return;
        }

        using SafeFileHandle handle = NativeMethods.Open(folder, flags: 0);
        if (handle.IsInvalid || NativeMethods.FlushAll(handle) != 0)
        {
            int error = Marshal.GetLastPInvokeError();
            throw new IOException($"{folder} cannot be made durable: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
        }
    }
}
