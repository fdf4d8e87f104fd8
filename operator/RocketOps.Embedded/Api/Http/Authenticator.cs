using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace RocketOps.Embedded.Api.Http;

/// <summary>One user, one bearer token.</summary>
internal sealed class Authenticator(string token)
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _expected = SHA256.HashData(Encoding.UTF8.GetBytes(token));

    public bool Accepts(HttpRequest request)
    {
        string header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        // Hashes have one length: the comparison takes the same time whatever was sent.
        byte[] given = SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim()));
        return CryptographicOperations.FixedTimeEquals(given, _expected);
    }
}
