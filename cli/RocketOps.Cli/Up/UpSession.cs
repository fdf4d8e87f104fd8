using Microsoft.Extensions.Logging;
using RocketOps.Cli.Contexts;
using RocketOps.Cli.Demo;
using RocketOps.Cli.Output;
using RocketOps.Cli.Running;
using RocketOps.Cli.Terminals;
using RocketOps.Operator.Hosting;
using Spectre.Console;

namespace RocketOps.Cli.Up;

/// <summary>One run of <c>rocketops up</c>: start, apply, show, demo, wait for the end, stop.</summary>
internal sealed class UpSession(UpOptions options, IAnsiConsole console, Shell shell)
{
    private static readonly TimeSpan FastRefresh = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdleRefresh = TimeSpan.FromSeconds(1);

    private const int MaxChangesOnScreen = 4;

    // Many more lines than a screen has: after the end nothing needs to be folded.
    private const int Unlimited = 10_000;

    private readonly long _begun = shell.Time.GetTimestamp();
    private readonly DateTimeOffset _begunAt = shell.Time.GetUtcNow();
    private readonly UpLines _lines = new(console.Profile.Out.Writer);
    private readonly FrameRecorder? _recorder = options.Record is { } path ? new FrameRecorder(path) : null;
    private readonly SteadyProblems _problems = new(shell.Time);
    private readonly TerminalScreen _screen = new(console.Profile.Out.Writer, console.Profile.Capabilities.ColorSystem != ColorSystem.NoColors);
    private UpState _state = UpState.Empty;
    private Task<DemoRun>? _demo;
    private DemoRun? _demoRun;
    private string? _demoTopic;
    private string? _demoFailure;
    private IReadOnlyList<EventView> _events = [];
    private long? _eventsRead;
    private IReadOnlyList<string> _nextSteps = [];
    private IReadOnlyList<string> _footer = [];

    /// <summary>Action of the key q on the live screen; null leaves keys alone.</summary>
    public Action? Quit { get; init; }

    /// <summary>Output that keeps lines as they are; the console folds them where it takes a terminal to end.</summary>
    private TextWriter Output => console.Profile.Out.Writer;

    // Who gives manifests by a pipe has no input that could be asked; the capability means that too.
    private bool IsInteractive { get; } = DrawsScreen(options.TakesInput ? console.Profile.Out.IsTerminal : console.Profile.Capabilities.Interactive, shell, options);

    private bool ReadsKeys => IsInteractive && Quit is not null && QuitKey.IsPossible;

    private bool EndsByItself => options.Exit || (options.Demo && !IsInteractive);

    private TimeSpan Elapsed => shell.Time.GetElapsedTime(_begun);

    public async Task<int> RunAsync(CancellationToken stop)
    {
        List<Manifest> manifests;
        try
        {
            using StringReader input = new(await ReadInputAsync(stop));
            manifests = [.. ManifestFiles.Read(options.Files, input)];
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }

        using DataDirectory data = DataDirectory.Open(options.DataDirectory);
        using FileLoggerProvider log = new(data.LogFile, shell.Time);
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddProvider(log));
        if (data.LackOfRoom() is { } lack)
        {
            // Said first: what fails next may be the start itself.
            await (IsInteractive ? Output.WriteLineAsync(lack) : _lines.TellOfDiskAsync(lack, Elapsed));
        }

        // From now on: who asks while nobody answers yet is to wait.
        using UpRegistration registration = new(UpInstance.StateFolder(), data.Path, loggers.CreateLogger<UpRegistration>());
        registration.Tell([], isReady: false);
        try
        {
            await using ControlPlane plane = await ControlPlane.StartAsync(data, options.Port, shell.Time, loggers, stop);
            return await RunAsync(plane, data, manifests, registration, loggers, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode();
        }
        finally
        {
            if (stop.IsCancellationRequested)
            {
                await Output.WriteLineAsync("Stopped. The data stays; the same command finds it again.");
            }

            if (log.Loss is { } loss)
            {
                await Output.WriteLineAsync(loss);
            }
        }
    }

    /// <summary>
    /// Tells whether there is a live screen. Who gives manifests by a pipe may sit at the terminal all the same; other input that is no
    /// terminal is that of a script.
    /// </summary>
    /// <param name="canBe">What the console says of itself.</param>
    /// <param name="shell">Where it was started from.</param>
    /// <param name="options">What was asked for.</param>
    internal static bool DrawsScreen(bool canBe, Shell shell, UpOptions options) => canBe && shell.IsOutputTerminal && (shell.IsInputTerminal || options.TakesInput);

    /// <summary>All of standard input, if it is asked for. Nothing has been started yet, so an interruption ends at once.</summary>
    private async Task<string> ReadInputAsync(CancellationToken stop)
    {
        if (!options.TakesInput)
        {
            return string.Empty;
        }

        if (shell.IsInputTerminal)
        {
            await shell.Error.WriteLineAsync("Manifests are read from here; Ctrl-D ends them.");
        }

        // A read of a terminal or a pipe does not listen to a token.
        using StreamReader input = new(shell.Input, leaveOpen: true);
        return await input.ReadToEndAsync(CancellationToken.None).WaitAsync(stop);
    }

    /// <summary>The run on a control plane that has started; it stays the caller's.</summary>
    internal async Task<int> RunAsync(ControlPlane plane, DataDirectory data, List<Manifest> manifests, UpRegistration registration, ILoggerFactory loggers, CancellationToken stop)
    {
        ManifestApplier applier = new(plane.Client);
        List<string> changes = [];
        foreach (Manifest manifest in manifests)
        {
            changes.AddRange((await applier.ApplyAsync(manifest, stop)).Select(ScreenLine.Harmless));
        }

        // What somebody changed by hand is not set back in silence: at a terminal it stays on the screen, elsewhere it is told once.
        int shown = IsInteractive ? Math.Min(changes.Count, MaxChangesOnScreen) : 0;
        foreach (string change in changes.Skip(shown))
        {
            await Output.WriteLineAsync(change);
        }

        _footer = [.. changes.Take(shown), $"{(ReadsKeys ? "q or " : string.Empty)}Ctrl-C stops; the data stays in {ShellWord.Quote(data.Path)}", $"export KUBECONFIG={ShellWord.Quote(data.Kubeconfig)}"];
        if (!IsInteractive)
        {
            await _lines.BeginAsync(_footer, Elapsed);
        }

        try
        {
            await ShowOnScreenAsync(plane, registration, loggers, data, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Output.WriteLineAsync(options.Demo && _demoFailure is null && _demo is not { IsCompletedSuccessfully: true } ? "Stopping, the demo is not finished …" : "Stopping …");
        }
        finally
        {
            await LeaveDemoAsync(stop);
        }

        if (_recorder is not null)
        {
            await _recorder.SaveAsync(CancellationToken.None);
        }

        return ExitCode();
    }

    /// <summary>Shows how it ended. A failed one ends the run with its own words, but not where somebody watches: the cluster runs, and may be looked at.</summary>
    private async Task EndDemoAsync(FiguresPoll? figures)
    {
        try
        {
            await _demo!;
        }
        catch (Exception failure) when (IsInteractive && !EndsByItself && failure is not OperationCanceledException)
        {
            _demoFailure = Failures.Describe(failure);
        }

        if (figures is not null && _state.Topics.FirstOrDefault(topic => topic.Key == _demoTopic) is { } topic)
        {
            await figures.CountAsync(_state, topic);
        }

        _state = _state with { Demo = _demoRun?.Progress, DemoFailure = _demoFailure, TopicMessages = figures?.Messages ?? _state.TopicMessages };
        await ShowAsync(_state);
    }

    /// <summary>Its clients leave before the brokers do. How it ended has been told already, or it was cut off.</summary>
    private async Task LeaveDemoAsync(CancellationToken stop)
    {
        if (_demo is not null && stop.IsCancellationRequested)
        {
            await ((Task)_demo).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Returns the exit code: a demo that was asked for and is ended before it is done has not succeeded.</summary>
    private int ExitCode() => !options.Demo || _demoRun is { Progress: { IsDone: true, Succeeded: true } } ? ExitCodes.Success : ExitCodes.Failed;

    /// <summary>Whatever ends it, the terminal is left as it was, with the last state on it.</summary>
    private async Task ShowOnScreenAsync(ControlPlane plane, UpRegistration registration, ILoggerFactory loggers, DataDirectory data, CancellationToken stop)
    {
        await using QuitKey? key = ReadsKeys ? QuitKey.Watch(Quit!, shell.Time, stop) : null;
        await using FiguresPoll? figures = IsInteractive || _recorder is not null ? new FiguresPoll(shell.Time, loggers) : null;
        try
        {
            await ShowAsync(plane, registration, loggers, figures, data, stop);
        }
        finally
        {
            _screen.Close(UpScreen.Render(_state, Elapsed, console.Profile.Width, Unlimited, _footer, _nextSteps));
        }
    }

    private async Task ShowAsync(UpState state)
    {
        if (IsInteractive)
        {
            (int width, int height) = (console.Profile.Width, console.Profile.Height);
            _screen.Draw(UpScreen.Render(state, Elapsed, width, height, _footer, _nextSteps), width, height);
        }
        else
        {
            await _lines.WriteAsync(state, Elapsed);
        }

        _recorder?.Add(UpScreen.Render(state, Elapsed, FrameRecorder.Columns, FrameRecorder.Rows, [], []), Elapsed);
    }

    private async Task<UpState> ReadAsync(ControlPlane plane, FiguresPoll? figures, DataDirectory data, CancellationToken stop)
    {
        UpState state = await UpState.ReadAsync(plane.Client, plane.HostAddresses, _demoRun?.Progress, stop);
        if (figures is not null)
        {
            figures.Ask(state);
            if (_eventsRead is not { } read || shell.Time.GetElapsedTime(read) >= IdleRefresh)
            {
                _eventsRead = shell.Time.GetTimestamp();
                _events = await UpState.ReadEventsAsync(plane.Client, _begunAt, stop);
            }
        }

        return state with
        {
            Now = shell.Time.GetUtcNow(),
            Problems = _problems.Of(state.Problems),
            LackOfRoom = data.LackOfRoom(),
            OperatorEnd = EndOf(plane.Operator, data),
            Events = _events,
            DemoFailure = _demoFailure,
            Figures = figures?.Current ?? state.Figures,
            TopicMessages = figures?.Messages ?? state.TopicMessages,
        };
    }

    /// <summary>Reads and shows the state until the end; tells what to try next once, when all is ready and the demo done.</summary>
    private async Task ShowAsync(ControlPlane plane, UpRegistration registration, ILoggerFactory loggers, FiguresPoll? figures, DataDirectory data, CancellationToken stop)
    {
        bool isTold = false;
        while (true)
        {
            _state = await ReadAsync(plane, figures, data, stop);
            registration.Tell([.. _state.Clusters.Where(cluster => cluster.Address.Length > 0).Select(cluster => (cluster.Key, cluster.Address))], _state.IsReady);
            await ShowAsync(_state);
            if (_state.OperatorEnd is { } end)
            {
                stop.ThrowIfCancellationRequested();
                throw new CommandFailedException(end, plane.Operator.Failure);
            }

            StartDemoWhenReady(loggers, stop);
            if (_demo is { IsCompleted: true })
            {
                await EndDemoAsync(figures);
            }

            bool isFinished = _state.IsReady && (!options.Demo || _demo is { IsCompleted: true });
            if (isFinished && !isTold)
            {
                isTold = true;
                await TellNextStepsAsync(data.Kubeconfig);
                await ShowAsync(_state);
            }

            if (isFinished && EndsByItself)
            {
                return;
            }

            await Task.WhenAny(Task.Delay(isTold ? IdleRefresh : FastRefresh, shell.Time, stop), plane.Operator.Stopped);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Null while the operator works. Without it the objects go on saying what it saw last, so the run must not go on as if all were well.</summary>
    private static string? EndOf(OperatorHost host, DataDirectory data)
    {
        if (!host.Stopped.IsCompleted)
        {
            return null;
        }

        string reason = host.Failure is { } failure ? failure.Message.TrimEnd('.') : "it was stopped";
        return $"The operator has ended: {reason}. Nothing is looked after any more; {data.LogFile} may tell why. The data stays; start again with the same command.";
    }

    /// <summary>Tells the next steps; at a terminal they are part of what is drawn, which would overwrite anything else.</summary>
    private async Task TellNextStepsAsync(string kubeconfig)
    {
        if (!IsInteractive)
        {
            await NextSteps.WriteAsync(Output, _state, kubeconfig, Elapsed, EndsByItself, DefaultNameServers.OfThisUser());
            return;
        }

        await using StringWriter text = new();
        await NextSteps.WriteAsync(text, _state, kubeconfig, Elapsed, EndsByItself, DefaultNameServers.OfThisUser());
        _nextSteps = text.ToString().TrimEnd().Split('\n');
    }

    private void StartDemoWhenReady(ILoggerFactory loggers, CancellationToken stop)
    {
        if (!options.Demo || _demo is not null || !_state.IsReady)
        {
            return;
        }

        if (_state.Topics.Count == 0)
        {
            _demo = Task.FromException<DemoRun>(new CommandFailedException("The demo needs a Topic object: add one to the manifest, as deploy/samples/quickstart.yaml does."));
            return;
        }

        TopicView topic = _state.Topics[0];
        ClusterView cluster = _state.Clusters.First(cluster => cluster.Key == topic.Cluster);
        DemoRun run = new(cluster.Address, topic.TopicName, topic.WriteQueues * cluster.GroupCount, shell, loggers);
        _demoRun = run;
        _demoTopic = topic.Key;
        _demo = Task.Run(
            async () =>
            {
                await run.RunAsync(stop);
                return run;
            },
            CancellationToken.None);
    }
}
