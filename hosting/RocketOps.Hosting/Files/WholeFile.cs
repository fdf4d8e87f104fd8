using System.Text;

namespace RocketOps.Hosting.Files;

/// <summary>
/// Replacement of a small file as a whole: the new content is written beside it, as <c>X.tmp</c>, and renamed, so that a reader sees the
/// old content or the new one and never half of either. Durable only for <see cref="DurableFile"/>: after a power cut the file may be
/// empty, so this is for what the next start writes anew, or can do without. Writers of one file take turns.
/// </summary>
public static class WholeFile
{
    /// <summary>
    /// Replaces the content by a text, as UTF-8 without a mark. Throws <see cref="IOException"/> or
    /// <see cref="UnauthorizedAccessException"/>, and leaves the old content, when that fails.
    /// </summary>
    /// <param name="path">The file; its folder must be there.</param>
    /// <param name="text">The new content.</param>
    /// <param name="isPrivate">Whether its owner alone may read and write it, at no moment anybody else. Windows keeps the folder's rights.</param>
    public static void Write(string path, string text, bool isPrivate = false) => Write(path, Encoding.UTF8.GetBytes(text), isPrivate);

    /// <inheritdoc cref="Write(string, string, bool)"/>
    /// <summary>Replaces the content by these bytes, else the same.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content, bool isPrivate = false) => Replace(path, content, isPrivate, isDurable: false);

    /// <summary>Replaces the content; with <paramref name="isDurable"/> it is on the disk before it gets the file's name, which the caller makes durable.</summary>
    internal static void Replace(string path, ReadOnlySpan<byte> content, bool isPrivate, bool isDurable)
    {
        string temporary = $"{path}.tmp";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (isPrivate && !OperatingSystem.IsWindows())
        {
            // One that a crash left there would keep its rights.
            File.Delete(temporary);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (FileStream file = new(temporary, options))
        {
            file.Write(content);
            if (isDurable)
            {
                file.Flush(flushToDisk: true);
            }
        }

        File.Move(temporary, path, overwrite: true);
    }
}
