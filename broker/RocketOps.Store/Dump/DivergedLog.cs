using System.Globalization;
using RocketOps.Store.Files;

namespace RocketOps.Store.Dump;

/// <summary>
/// End of a log that parted from its master's, as one cut took it off: a file of the store's <c>diverged</c> directory. Source: decision
/// 0023.
/// </summary>
/// <param name="Path">The file.</param>
/// <param name="Offset">Where the log was cut: the file's first byte was there.</param>
/// <param name="CutAt">Time of the cut.</param>
/// <param name="Bytes">Length of the file.</param>
public sealed record DivergedLog(string Path, long Offset, DateTimeOffset CutAt, long Bytes)
{
    public const string DirectoryName = "diverged";

    private const string TimeFormat = "yyyyMMddHHmmssfff";

    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>Those of a store, oldest first. Other files in the directory are left out.</summary>
    public static IReadOnlyList<DivergedLog> List(IStoreFileSystem files, string root)
    {
        ArgumentNullException.ThrowIfNull(files);
        string directory = System.IO.Path.Combine(root, DirectoryName);
        List<DivergedLog> found = [];
        foreach (FileEntry entry in files.List(directory))
        {
            if (!entry.IsDirectory && TryParse(entry.Name, out long offset, out DateTimeOffset cutAt))
            {
                string path = System.IO.Path.Combine(directory, entry.Name);
                using IStoreFile file = files.Open(path, FileOpenMode.Read);
                found.Add(new DivergedLog(path, offset, cutAt, file.Length));
            }
        }

        return [.. found.OrderBy(static log => log.CutAt).ThenBy(static log => log.Offset)];
    }

    private static bool TryParse(string name, out long offset, out DateTimeOffset cutAt)
    {
        cutAt = default;
        offset = 0;
        string[] parts = System.IO.Path.GetFileNameWithoutExtension(name).Split('-');
        return name.EndsWith(".log", StringComparison.Ordinal)
            && parts.Length == 2
            && parts[0].Length == 20
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out offset)
            && DateTimeOffset.TryParseExact(parts[1], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out cutAt);
    }
}
