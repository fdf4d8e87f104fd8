using System.Globalization;

namespace RocketOps.Store.Files;

/// <summary>
/// Which attachment of a disk a directory lies on. The kernel numbers the disks of one boot in the order they appear (diskseq): a volume that was taken from a machine without
/// being unmounted, with what the kernel had not written yet, comes back under another number.
/// </summary>
internal sealed class DiskSequence
{
    private readonly string _proc;
    private readonly string _sys;

    public DiskSequence()
        : this("/proc/self", "/sys/dev/block")
    {
    }

    /// <param name="proc">Has <c>mountinfo</c> and <c>fdinfo</c>.</param>
    /// <param name="sys">Has a link MAJOR:MINOR for each block device.</param>
    internal DiskSequence(string proc, string sys)
    {
        _proc = proc;
        _sys = sys;
    }

    /// <summary>The number for what an open descriptor lies on; 0 when the kernel does not tell, or it is no disk.</summary>
    public long Of(int descriptor)
    {
        try
        {
            return FindMount(descriptor) is { } mount && FindDevice(mount) is { } device ? Read(Path.Combine(_sys, device)) : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // As good as unknown: then the boot alone counts.
            return 0;
        }
    }

    /// <summary>The line "mnt_id: 36".</summary>
    private string? FindMount(int descriptor)
    {
        const string Name = "mnt_id:";
        foreach (string line in File.ReadLines(Path.Combine(_proc, "fdinfo", descriptor.ToString(CultureInfo.InvariantCulture))))
        {
            if (line.StartsWith(Name, StringComparison.Ordinal))
            {
                return line[Name.Length..].Trim();
            }
        }

        return null;
    }

    /// <summary>Fields of a line: mount id, parent id, MAJOR:MINOR, and what does not matter here.</summary>
    private string? FindDevice(string mount)
    {
        foreach (string line in File.ReadLines(Path.Combine(_proc, "mountinfo")))
        {
            if (line.Split(' ', 4) is [var id, _, var device, _] && string.Equals(id, mount, StringComparison.Ordinal))
            {
                return device;
            }
        }

        return null;
    }

    /// <summary>
    /// Reads the sequence of the device itself, or of a partition's disk, which is the directory above it, behind the link; 0 without one.
    /// </summary>
    private static long Read(string link)
    {
        DirectoryInfo device = new(link);
        if (!device.Exists)
        {
            return 0;
        }

        DirectoryInfo target = device.ResolveLinkTarget(returnFinalTarget: true) as DirectoryInfo ?? device;
        foreach (string? directory in new[] { target.FullName, target.Parent?.FullName })
        {
            string path = Path.Combine(directory ?? "/", "diskseq");
            if (File.Exists(path) && long.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long sequence))
            {
                return sequence;
            }
        }

        return 0;
    }
}
