using System.Diagnostics;
using System.Globalization;
using System.Text;
using RocketOps.Testing.Processes;

namespace RocketOps.Cli.Tests.Up;

/// <summary><c>rocketops</c> as a user starts it, from the tests' output folder, without a terminal.</summary>
internal sealed class UpProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private UpProcess(Process process) => _process = process;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public bool HasExited => _process.HasExited;

    public static UpProcess Start(params string[] arguments) => StartIn(null, arguments);

    /// <param name="runtimeDirectory">The user's folder for what runs, where other commands look for it; null for that of whoever runs the tests.</param>
    /// <param name="arguments">Of <c>rocketops</c>.</param>
    public static UpProcess StartIn(string? runtimeDirectory, params string[] arguments)
    {
        string program = Programs.RocketOps;
        bool isDeaf = IgnoresInterrupts();
        ProcessStartInfo info = new(isDeaf ? "env" : program, isDeaf ? ["--default-signal=INT", program, .. arguments] : arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
        };
        info.Environment[ChildProcess.PatienceVariable.Key] = ChildProcess.PatienceVariable.Value;
        if (runtimeDirectory is not null)
        {
            info.Environment["XDG_RUNTIME_DIR"] = runtimeDirectory;
            info.Environment["XDG_CONFIG_HOME"] = runtimeDirectory;
            info.Environment["NAMESRV_ADDR"] = "";
        }

        Process process = new() { StartInfo = info };
        UpProcess up = new(process);
        process.OutputDataReceived += (_, line) => up.Append(line.Data);
        process.ErrorDataReceived += (_, line) => up.Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return up;
    }

    /// <summary>A shell without job control starts what is put into the background so, and its children inherit it: a program that ignores interrupts cannot be tested with them.</summary>
    private static bool IgnoresInterrupts()
    {
        const string Ignored = "SigIgn:";
        const int InterruptBit = 1 << 1;
        string? mask = File.Exists("/proc/self/status") ? File.ReadLines("/proc/self/status").FirstOrDefault(static line => line.StartsWith(Ignored, StringComparison.Ordinal)) : null;
        return mask is not null && (ulong.Parse(mask.AsSpan(Ignored.Length), NumberStyles.HexNumber | NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) & InterruptBit) != 0;
    }

    /// <summary>What Ctrl-C does.</summary>
    public async Task InterruptAsync()
    {
        using Process kill = Process.Start("kill", ["-INT", _process.Id.ToString()]);
        await kill.WaitForExitAsync();
    }

    public async Task<int> ExitCodeAsync(TimeSpan deadline)
    {
        using CancellationTokenSource late = new(deadline);
        try
        {
            await _process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException timeout)
        {
            throw new TimeoutException($"rocketops did not end within {deadline.TotalSeconds:0} s. It said:\n{Output}", timeout);
        }

        return _process.ExitCode;
    }

    /// <summary>kill -9, of this process alone: its children see the end of their input.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private void Append(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
