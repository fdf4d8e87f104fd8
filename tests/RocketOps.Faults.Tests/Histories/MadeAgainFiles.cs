using RocketOps.Testing.Disks;

namespace RocketOps.Faults.Tests.Histories;

/// <summary>
/// What a store can make again from its log, removed or replaced by an older copy while no broker runs, as people do who restore a part of a backup. The log and
/// the tables stay.
/// </summary>
internal sealed class MadeAgainFiles
{
    private static readonly string[] Names = ["consumequeue", "batchconsumequeue", "index", "checkpoint", "inventory"];

    private readonly string _store;
    private readonly string _copies;

    /// <param name="store">The store's folder.</param>
    /// <param name="copies">Folder for copies of what is removed; it is made.</param>
    public MadeAgainFiles(string store, string copies)
    {
        _store = store;
        _copies = copies;
        Directory.CreateDirectory(copies);
    }

    /// <summary>Removes some of it, or puts back what an earlier call has copied. Returns what was done.</summary>
    public string Disturb(Random random)
    {
        List<string> done = [];
        foreach (string name in Names.Where(name => !Path.Exists(Path.Combine(_copies, name)) && Path.Exists(Path.Combine(_store, name))))
        {
            Replace(Path.Combine(_copies, name), Path.Combine(_store, name));
        }

        foreach (string name in Names.Where(_ => random.Next(3) == 0))
        {
            string path = Path.Combine(_store, name);
            string copy = Path.Combine(_copies, name);
            bool putsBack = random.Next(2) == 0 && Path.Exists(copy);
            if (putsBack)
            {
                Replace(path, copy);
                done.Add($"{name} put back");
            }
            else if (Path.Exists(path))
            {
                Replace(copy, path);
                Remove(path);
                done.Add($"{name} removed");
            }
        }

        return done.Count == 0 ? "nothing removed" : string.Join(" and ", done);
    }

    private static void Replace(string path, string source)
    {
        Remove(path);
        if (Directory.Exists(source))
        {
            Folders.Copy(source, path);
        }
        else
        {
            File.Copy(source, path);
        }
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }
}
