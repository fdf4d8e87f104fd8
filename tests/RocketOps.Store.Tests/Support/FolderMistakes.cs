using RocketOps.Store.Files;

namespace RocketOps.Store.Tests.Support;

/// <summary>What people do to the folders of a store that does not run: remove them, put back older copies or another store's.</summary>
internal static class FolderMistakes
{
    public static bool IsWithin(string path, string root) => path == root || path.StartsWith(root + "/", StringComparison.Ordinal);

    /// <summary>Removes a file, or a folder with all in it.</summary>
    public static void Remove(this MemoryFileSystem disk, string root)
    {
        foreach (string path in disk.Paths.Where(path => IsWithin(path, root)).ToList())
        {
            disk.DeleteFile(path);
        }
    }

    /// <summary>Puts what another disk has there in the place of what is there.</summary>
    public static void Replace(this MemoryFileSystem disk, string root, MemoryFileSystem source)
    {
        disk.Remove(root);
        foreach (string path in source.Paths.Where(path => IsWithin(path, root)).ToList())
        {
            disk.CreateDirectory(Path.GetDirectoryName(path)!);
            using IStoreFile from = source.Open(path, FileOpenMode.Read);
            using IStoreFile to = disk.Open(path, FileOpenMode.Truncate);
            byte[] content = new byte[from.Length];
            from.Read(content, 0);
            to.SetLength(content.Length);

            // Blocks that hold nothing stay holes.
            for (int at = 0; at < content.Length; at += 4096)
            {
                Span<byte> block = content.AsSpan(at, Math.Min(4096, content.Length - at));
                if (block.ContainsAnyExcept((byte)0))
                {
                    to.Write(block, at);
                }
            }
        }
    }
}
