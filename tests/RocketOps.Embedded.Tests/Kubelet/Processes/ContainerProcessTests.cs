using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using RocketOps.Embedded.Kubelet.Logs;
using RocketOps.Embedded.Kubelet.Processes;
using RocketOps.Testing;
using RocketOps.Testing.Rings;
using RocketOps.Testing.Time;

namespace RocketOps.Embedded.Tests.Kubelet.Processes;

public sealed class ContainerProcessTests : IDisposable
{
    private const string LastProcessId = "/proc/sys/kernel/ns_last_pid";

    private readonly TempDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [SkippableFact]
    public async Task Start_CannotBeRecorded_ThrowsAndLeavesNoProcess()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Processes are looked for in /proc.");
        await File.WriteAllTextAsync(_folder.File("ledger"), "a file where the folder should be");
        string mark = $"mark-{Guid.NewGuid():N}";
        using ContainerLog log = NewLog();

        Func<Task> start = () => ContainerProcess.StartAsync(Shell($"sleep infinity; : {mark}"), log, NewLedger(), Eventually.DefaultDeadline, TimeProvider.System);

        await start.Should().ThrowAsync<IOException>();
        Running(mark).Should().BeEmpty("nobody would ever end it");
    }

    [SkippableFact]
    public async Task RequestStop_EndedAndItsIdIsAnotherProcess_SignalsNobody()
    {
        string? reason = RingRules.Current.WhySkip(ring: null, CanChooseIds() ? null : $"{LastProcessId} cannot be written here, so no process can be given a chosen id");
        Skip.If(reason is not null, reason);

        while (!await IsSignalledNobodyAsync())
        {
            // A stranger has the id: another process is tried.
        }
    }

    /// <returns>False when the id could not be had.</returns>
    private async Task<bool> IsSignalledNobodyAsync()
    {
        // A grandchild holds the output open: the process has ended and its id is free, but its output is not complete yet.
        using ContainerLog log = new(_folder.File($"{Guid.NewGuid():N}.log"), 1 << 20, TimeProvider.System);
        using ContainerProcess process = await ContainerProcess.StartAsync(
            Shell("trap '' TERM; sleep infinity & echo $!; exec sleep 0"), log, NewLedger(), Eventually.DefaultDeadline, new FakeTimeProvider());
        await Eventually.TrueAsync(() => log.LastLine.Length > 0 && !Directory.Exists($"/proc/{process.Id}"), "the process has ended and its id is free");
        int grandchild = int.Parse(log.LastLine, CultureInfo.InvariantCulture);
        using Process? innocent = StartWithId(process.Id);
        try
        {
            if (innocent is null)
            {
                return false;
            }

            process.Exited.IsCompleted.Should().BeFalse("its output is still open");

            process.RequestStop();
            innocent.StandardInput.WriteLine("are you there?");

            (await innocent.StandardOutput.ReadLineAsync()).Should().Be("are you there?");
        }
        finally
        {
            innocent?.Kill();
            using Process rest = Process.GetProcessById(grandchild);
            rest.Kill();
            await process.Exited;
        }

        return true;
    }

    [SkippableFact]
    public async Task RequestStop_Running_IsAskedToStop()
    {
        Skip.If(OperatingSystem.IsWindows(), "Signals.");
        using ContainerLog log = NewLog();
        using ContainerProcess process = await ContainerProcess.StartAsync(
            Shell("trap 'exit 5' TERM; echo up; while :; do sleep 0.02; done"), log, NewLedger(), Eventually.DefaultDeadline, TimeProvider.System);
        await Eventually.TrueAsync(() => log.LastLine == "up", "the trap is set");

        process.RequestStop();

        (await process.Exited).Should().Be(5);
    }

    private static ProcessLaunch Shell(string script) => new("/bin/sh", ["-c", script], new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }, "/");

    private ContainerLog NewLog() => new(_folder.File("out.log"), 1 << 20, TimeProvider.System);

    private ProcessLedger NewLedger() => new(_folder.File("ledger"), TimeProvider.System, NullLogger.Instance);

    /// <summary>The ids of processes with this text on their command line; one that has ended has none.</summary>
    private static List<string> Running(string mark)
    {
        List<string> found = [];
        foreach (string folder in Directory.GetDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out _)))
        {
            try
            {
                if (Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(folder, "cmdline"))).Contains(mark, StringComparison.Ordinal))
                {
                    found.Add(Path.GetFileName(folder));
                }
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // Ended while we looked.
            }
        }

        return found;
    }

    private static bool CanChooseIds()
    {
        try
        {
            File.WriteAllText(LastProcessId, File.ReadAllText(LastProcessId).Trim());
            return true;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>A process that echoes lines and has this id; null when a stranger has it. Other processes start meanwhile, so it takes a few tries.</summary>
    private static Process? StartWithId(int id)
    {
        while (!Directory.Exists($"/proc/{id.ToString(CultureInfo.InvariantCulture)}"))
        {
            File.WriteAllText(LastProcessId, (id - 1).ToString(CultureInfo.InvariantCulture));
            Process process = Process.Start(new ProcessStartInfo("/bin/cat") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;
            if (process.Id == id)
            {
                return process;
            }

            process.Kill();
            process.Dispose();
        }

        return null;
    }
}
