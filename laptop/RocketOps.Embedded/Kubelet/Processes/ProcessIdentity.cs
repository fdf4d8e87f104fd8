using System.Diagnostics;
using System.Globalization;

namespace RocketOps.Embedded.Kubelet.Processes;

/// <summary>
/// Names one process for good: a process id alone is reused. The start mark is boot id and start time in clock ticks
/// since boot on Linux (field 22 of /proc/PID/stat, which no clock adjustment moves), the start time elsewhere.
/// </summary>
internal readonly record struct ProcessIdentity(int Id, string StartMark)
{
    /// <summary>The identity of a running process, or null when there is none with this id.</summary>
    public static ProcessIdentity? Of(int id)
    {
        if (OperatingSystem.IsLinux())
        {
            return OfLinux(id);
        }

        try
        {
            using Process process = Process.GetProcessById(id);
            return process.HasExited ? null : new ProcessIdentity(id, process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    public bool IsRunning => Of(Id) is { } now && now.StartMark == StartMark;

    private static ProcessIdentity? OfLinux(int id)
    {
        try
        {
            string stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/stat"));

            // Field 2, the command in parentheses, may itself hold blanks and parentheses: count from the last one.
            string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            const int state = 0;
            const int startTime = 22 - 3;
            if (fields[state] is "Z" or "X")
            {
                return null;
            }

            string boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
            return new ProcessIdentity(id, $"{boot}/{fields[startTime]}");
        }
        catch (Exception gone) when (gone is FileNotFoundException or DirectoryNotFoundException or IOException)
        {
            return null;
        }
    }
}
