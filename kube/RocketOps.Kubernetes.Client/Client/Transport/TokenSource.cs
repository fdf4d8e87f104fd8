using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;
using RocketOps.Kubernetes.Client.Configuration;

namespace RocketOps.Kubernetes.Client.Transport;

/// <summary>
/// The credentials of the next request. Tokens of pods live about an hour and change in their file: a client that read it once fails after an hour.
/// </summary>
internal sealed partial class TokenSource(KubernetesClientConfiguration configuration, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private AuthenticationHeaderValue? _cached;
    private long? _readAt;

    /// <summary>Null for a client that has none.</summary>
    /// <exception cref="HttpRequestException">The file of the token has never held one yet.</exception>
    public AuthenticationHeaderValue? Current()
    {
        if (configuration.TokenFile is { } file)
        {
            return FromFile(file);
        }

        if (configuration.Token is { Length: > 0 } token)
        {
            return new AuthenticationHeaderValue("Bearer", token);
        }

        return configuration.Username is { Length: > 0 } user
            ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{configuration.Password}")))
            : null;
    }

    /// <summary>The server refused the credentials.</summary>
    /// <returns>True when other ones may be had by asking again.</returns>
    public bool Invalidate()
    {
        if (configuration.TokenFile is null)
        {
            return false;
        }

        lock (_lock)
        {
            // Kept as long as its file holds no other.
            _readAt = null;
            return true;
        }
    }

    private AuthenticationHeaderValue FromFile(string file)
    {
        lock (_lock)
        {
            if (_cached is { } fresh && _readAt is { } readAt && time.GetElapsedTime(readAt) < ReadEvery)
            {
                return fresh;
            }

            if (FindFault(file, out string token) is not { } fault)
            {
                _readAt = time.GetTimestamp();
                return _cached = new AuthenticationHeaderValue("Bearer", token);
            }

            // The previous token may live on for a while; a request without one certainly fails.
            if (_cached is not { } previous)
            {
                throw new HttpRequestException(
                    HttpRequestError.UserAuthenticationError, $"Token file {file} cannot be used: {fault} A pod has the token of its service account mounted there.");
            }

            LogUnreadable(logger, file, fault);
            return previous;
        }
    }

    private static string? FindFault(string file, out string token)
    {
        token = "";
        try
        {
            token = CredentialFile.Read(file).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return e.Message;
        }

        return token.Length == 0 || token.AsSpan().ContainsAnyExceptInRange('!', '~') ? "It holds no token." : null;
    }

    [LoggerMessage(EventId = 13, Level = LogLevel.Warning, Message = "Token file {File} cannot be used, going on with the previous token: {Error}")]
    private static partial void LogUnreadable(ILogger logger, string file, string error);
}
