using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using RocketOps.Interop.Tests.Fixtures;
using RocketOps.Testing;
using RocketOps.Testing.Processes;

namespace RocketOps.Interop.Tests.Clients;

/// <summary>
/// A virtual machine for every command of Apache's client and tools of one version, which all tests share (Java/JavaHost.java): starting one takes more than what most commands do in it. It ends with the tests, whose
/// end is the end of its standard input.
/// </summary>
internal sealed class JavaHost
{
    private static readonly TimeSpan CompilerPatience = TimeSpan.FromMinutes(5);
    private static readonly ConcurrentDictionary<string, Lazy<Task<JavaHost>>> Hosts = new(StringComparer.Ordinal);
    private static readonly Lazy<Task<string>> Program = new(CompileAsync);

    private static readonly string? WhyNoCompiler =
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "javac"))) ? null : "there is no javac on the PATH";

    private readonly Process _process;
    private readonly ConcurrentDictionary<long, JavaRun> _running = [];
    private readonly StringBuilder _complaints = new();
    private long _last;

    private JavaHost(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, said) => Hear(said.Data);
        process.ErrorDataReceived += (_, said) => Complain(said.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a command in the machine of this version; what it prints is its <see cref="JavaRun.Output"/> line by line.</summary>
    /// <param name="version">Of Apache's libraries.</param>
    /// <param name="words"><c>client</c> or <c>mqadmin</c>, and its arguments.</param>
    public static async Task<JavaRun> StartAsync(string version, params string[] words)
    {
        Kit.RequireWhat(WhyNoCompiler);
        while (true)
        {
            Lazy<Task<JavaHost>> host = Hosts.GetOrAdd(version, static version => new(() => LaunchAsync(version)));
            if ((await host.Value).TryStart(words) is { } run)
            {
                return run;
            }

            Hosts.TryRemove(KeyValuePair.Create(version, host));
        }
    }

    internal void Stop(long id) => Write($"{id.ToString(CultureInfo.InvariantCulture)} stop");

    private static async Task<JavaHost> LaunchAsync(string version)
    {
        string libraries = Path.Combine(SharedKits.RocketMq, "lib");

        // Ours comes last: an archive of classes is good for every class path that begins with the one it was made with.
        string classes = $"{libraries}/rocketmq-client.jar:{libraries}/{version}/*:{libraries}/common/*:{await Program.Value}";
        ProcessStartInfo info = new(Path.Combine(SharedKits.RocketMq, "bin", "rocketmq"), ["--version", version, "java", "-cp", classes, "JavaHost"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        foreach ((string key, string value) in JavaEnvironment.Of(version))
        {
            info.Environment[key] = value;
        }

        return new JavaHost(new Process { StartInfo = info });
    }

    /// <summary>Beside the tests, anew for each run of them.</summary>
    private static async Task<string> CompileAsync()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "java-host");
        string jar = folder + ".jar";
        Directory.CreateDirectory(folder);
        string source = Path.Combine(SharedKits.RepositoryRoot, "tests", "RocketOps.Interop.Tests", "Java", "JavaHost.java");
        (await ChildProcess.RunAsync("javac", ["-encoding", "UTF-8", "-XDignore.symbol.file", "-d", folder, source], CompilerPatience)).EnsureSuccess();
        File.Delete(jar);
        await ZipFile.CreateFromDirectoryAsync(folder, jar);
        return jar;
    }

    /// <summary>Null when the machine has ended.</summary>
    private JavaRun? TryStart(string[] words)
    {
        long id = Interlocked.Increment(ref _last);
        JavaRun run = new(this, id, string.Join(' ', words));
        _running[id] = run;
        string encoded = string.Join(' ', words.Select(static word => Convert.ToBase64String(Encoding.UTF8.GetBytes(word))));
        return Write($"{id.ToString(CultureInfo.InvariantCulture)} run {encoded}") ? run : null;
    }

    private bool Write(string line)
    {
        lock (_process)
        {
            if (_process.HasExited)
            {
                return false;
            }

            try
            {
                _process.StandardInput.WriteLine(line);
                _process.StandardInput.Flush();
                return true;
            }
            catch (IOException)
            {
                // It has just ended; what runs in it hears so from its standard output.
                return false;
            }
        }
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            foreach (JavaRun run in _running.Values)
            {
                run.End(-1, $"the virtual machine has ended: {Complaints}");
            }

            return;
        }

        string[] parts = line.Split(' ', 3);
        if (parts is [var number, var what, var rest] && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && _running.TryGetValue(id, out JavaRun? speaker))
        {
            if (what == "out")
            {
                speaker.Hear(rest);
            }
            else
            {
                _running.TryRemove(id, out _);
                speaker.End(int.Parse(rest, CultureInfo.InvariantCulture), string.Empty);
            }
        }
        else
        {
            Complain(line);
        }
    }

    private void Complain(string? line)
    {
        lock (_complaints)
        {
            _complaints.AppendLine(line);
        }
    }

    private string Complaints
    {
        get
        {
            lock (_complaints)
            {
                return _complaints.ToString();
            }
        }
    }
}
