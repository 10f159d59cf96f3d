package dev.vmoe.fetch;

import dev.vmoe.fetch.FetchAhead.NoRoomException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.routing.RoutingSupport;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;

/**
 * Images from HTTP servers. Connections go to addresses that were checked, and to no proxy. Nothing
 * is sent that could be a secret of this machine: no cookies, no credentials.
 */
final class HttpImages implements AutoCloseable {

  private static final int MAX_REDIRECTS = 3;
  private static final int MAX_HEADERS = 100;
  private static final int MAX_LINE_BYTES = 16 * 1024;

  /** More than are ever used: the fetches under way are bounded elsewhere. */
  private static final int MAX_CONNECTIONS = 10_000;

  private final AllowedAddresses allowed;
  private final CloseableHttpClient client;

  /** Creates a client that resolves names by {@code names} alone, at each connection. */
  HttpImages(AllowedAddresses allowed, DnsResolver names, FetchBounds bounds) {
    this.allowed = allowed;
    Timeout idle = Timeout.of(bounds.idle());
    client =
        HttpClients.custom()
            .setConnectionManager(
                PoolingHttpClientConnectionManagerBuilder.create()
                    .setDnsResolver(names)
                    .setConnectionFactory(
                        ManagedHttpClientConnectionFactory.builder()
                            .http1Config(
                                Http1Config.custom()
                                    .setMaxHeaderCount(MAX_HEADERS)
                                    .setMaxLineLength(MAX_LINE_BYTES)
                                    .build())
                            .build())
                    .setDefaultSocketConfig(SocketConfig.custom().setSoTimeout(idle).build())
                    .setDefaultConnectionConfig(
                        ConnectionConfig.custom()
                            .setConnectTimeout(idle)
                            .setSocketTimeout(idle)
                            .build())
                    .setMaxConnTotal(MAX_CONNECTIONS)
                    .setMaxConnPerRoute(MAX_CONNECTIONS)
                    .build())
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setResponseTimeout(idle)
                    .setConnectionRequestTimeout(idle)
                    .build())
            .setUserAgent("vmoe-streams")
            .evictIdleConnections(Timeout.of(Duration.ofMinutes(1)))
            .disableAutomaticRetries()
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAuthCaching()
            .disableContentCompression()
            .build();
  }

  /**
   * Gets an image, where redirects lead.
   *
   * @throws IOException if another attempt may succeed
   */
  byte[] get(URI address, Fetch fetch) throws IOException, FetchException, NoRoomException {
    URI at = address;
    for (int redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      HttpGet request = new HttpGet(at);
      request.setHeader(HttpHeaders.ACCEPT, "image/*, */*;q=0.1");
      fetch.cutOffBy(request::cancel);
      try {
        ClassicHttpResponse response =
            client.executeOpen(RoutingSupport.determineHost(request), request, null);
        if (response.getCode() == HttpStatus.SC_OK) {
          return body(response, fetch);
        }
        at = next(at, response);
      } catch (PublicHosts.RefusedHostException e) {
        throw FetchException.refused(String.valueOf(e.getMessage()));
      } catch (HttpException e) {
        throw new IOException("no answer of HTTP: " + e.getMessage(), e);
      } finally {
        request.cancel(); // closes the connection, unless the whole answer was read
      }
    }
    throw FetchException.failed(
        "more than %d redirects from %s"
            .formatted(MAX_REDIRECTS, AllowedAddresses.printable(address)));
  }

  private byte[] body(ClassicHttpResponse response, Fetch fetch)
      throws IOException, FetchException, NoRoomException {
    HttpEntity entity = response.getEntity();
    if (entity == null) {
      return new byte[0];
    }
    InputStream in = entity.getContent();
    return fetch.read(in, entity.getContentLength());
  }

  /** Returns where a redirect leads. */
  private URI next(URI at, ClassicHttpResponse response) throws IOException, FetchException {
    int status = response.getCode();
    String what = "HTTP %d from %s".formatted(status, AllowedAddresses.printable(at));
    if (status >= 500
        || status == HttpStatus.SC_TOO_MANY_REQUESTS
        || status == HttpStatus.SC_REQUEST_TIMEOUT) {
      throw new IOException(what);
    }
    Header location = response.getFirstHeader(HttpHeaders.LOCATION);
    if (status < 300 || status >= 400 || location == null) {
      throw FetchException.failed(what);
    }
    URI next;
    try {
      next = allowed.require(at.resolve(location.getValue()).toString());
    } catch (IllegalArgumentException e) {
      throw FetchException.failed(what + " leads nowhere");
    } catch (FetchException e) {
      throw FetchException.refused(what + " leads where it may not: " + e.getMessage());
    }
    if (AllowedAddresses.isFile(next)) {
      throw FetchException.refused(what + " leads to a file");
    }
    return next;
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
  }
}
