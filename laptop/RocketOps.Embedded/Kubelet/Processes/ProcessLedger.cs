using System.Globalization;
using Microsoft.Extensions.Logging;

namespace RocketOps.Embedded.Kubelet.Processes;

/// <summary>
/// One small file per running child in a folder, so that the next start finds and ends the children of a run that was
/// killed before it could. File name: process id; content: start mark, then the program, a line each.
/// </summary>
internal sealed partial class ProcessLedger(string folder, TimeProvider time, ILogger logger)
{
    // Five seconds: a killed process ends at once unless it hangs in the kernel or belongs to another user.
    private const int KillTries = 100;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public void Add(ProcessIdentity process, string program)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(PathOf(process.Id), $"{process.StartMark}\n{program}\n");
    }

    /// <summary>
    /// Takes a process off the record; one that ended too early to be recorded is not there, nor perhaps the folder. A record that cannot be deleted
    /// does no harm: the next start finds that it names no running process.
    /// </summary>
    public void Remove(int id)
    {
        try
        {
            if (File.Exists(PathOf(id)))
            {
                File.Delete(PathOf(id));
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogRecordStays(logger, failure, id);
        }
    }

    /// <summary>
    /// Ends what an earlier run left behind: SIGTERM first, since a broker wants to flush, SIGKILL after the grace.
    /// Returns how many there were. Throws <see cref="IOException"/> when one does not end.
    /// </summary>
    public async Task<int> EndOrphansAsync(TimeSpan grace, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
        {
            return 0;
        }

        List<ProcessIdentity> orphans = new();
        foreach (string file in Directory.EnumerateFiles(folder))
        {
            string[] lines = await File.ReadAllLinesAsync(file, cancellation);
            if (lines.Length > 1
                && int.TryParse(Path.GetFileName(file), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && new ProcessIdentity(id, lines[0]) is { IsRunning: true } orphan)
            {
                LogOrphan(logger, id, lines[1]);
                orphans.Add(orphan);
            }
            else
            {
                File.Delete(file);
            }
        }

        foreach (ProcessIdentity orphan in orphans)
        {
            Signal(orphan, NativeMethods.SigTerm);
        }

        long begun = time.GetTimestamp();
        foreach (ProcessIdentity orphan in orphans)
        {
            while (orphan.IsRunning && time.GetElapsedTime(begun) < grace)
            {
                await Task.Delay(Poll, time, cancellation);
            }

            for (int tries = 0; orphan.IsRunning; tries++)
            {
                if (tries == KillTries)
                {
                    throw new IOException(
                        $"Process {orphan.Id} of an earlier run does not end. End it by hand; it may still write to the data folder.");
                }

                Signal(orphan, NativeMethods.SigKill);
                await Task.Delay(Poll, time, cancellation);
            }

            Remove(orphan.Id);
        }

        return orphans.Count;
    }

    /// <summary>No success is reported: the caller looks again whether the process runs.</summary>
    private static void Signal(ProcessIdentity process, int signal)
    {
        using ProcessSignals signals = new(process.Id, () => process.IsRunning);
        signals.Send(signal);
    }

    private string PathOf(int id) => Path.Combine(folder, id.ToString(CultureInfo.InvariantCulture));

    [LoggerMessage(EventId = 7020, Level = LogLevel.Warning, Message = "Ending process {ProcessId} ({Program}), left behind by an earlier run.")]
    private static partial void LogOrphan(ILogger logger, int processId, string program);

    [LoggerMessage(EventId = 7021, Level = LogLevel.Warning, Message = "The record of process {ProcessId}, which has ended, could not be deleted.")]
    private static partial void LogRecordStays(ILogger logger, Exception failure, int processId);
}
