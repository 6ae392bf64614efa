/**
 * Written by `npm run client-types` from the service's OpenAPI document: don't edit. Each route with what is sent to it
 * as JSON, what it answers with, and, where it streams, a line of that.
 */
export interface Api {
  /** Health in words */
  'GET /api/v1/health': {
    answer: {
      status: 'healthy' | 'unhealthy';
      database: 'connected' | 'disconnected';
      model_api: 'available' | 'not_configured' | 'unavailable';
      /** Of the vision LLM, where one is configured; `unavailable` while its calls fail: the local model answers */
      llm?: 'available' | 'over_budget' | 'unavailable';
      /** What is wrong with a model that is asked: its vendor ends it, or does not list it */
      llm_model?: 'shut_down' | 'shuts_down_soon' | 'unknown';
      /** Results, claims and records that wait in the journal until the database is back */
      journal?: number;
      /** CLAIM_TRUST=all: every uploader decides what any hash means for all callers */
      claims?: 'anybody';
      /** Why calls to the vision LLM fail; until an hour after they were answered again */
      llm_failure?: {
        /** bad_key, network, out_of_credit, … */
        class: string;
        /** HTTP status that the vendor answered with */
        status?: number;
        /** The vendor's error code, or the system's */
        code?: string;
        since: string;
        /** A call was answered again */
        over_at?: string;
      };
      timestamp: string;
    };
  };
  /** Health in words (client C) */
  'GET /api/v2/health': {
    answer: {
      status: 'healthy' | 'unhealthy';
      database: 'connected' | 'disconnected';
      model_api: 'available' | 'not_configured' | 'unavailable';
      /** Of the vision LLM, where one is configured; `unavailable` while its calls fail: the local model answers */
      llm?: 'available' | 'over_budget' | 'unavailable';
      /** What is wrong with a model that is asked: its vendor ends it, or does not list it */
      llm_model?: 'shut_down' | 'shuts_down_soon' | 'unknown';
      /** Results, claims and records that wait in the journal until the database is back */
      journal?: number;
      /** CLAIM_TRUST=all: every uploader decides what any hash means for all callers */
      claims?: 'anybody';
      /** Why calls to the vision LLM fail; until an hour after they were answered again */
      llm_failure?: {
        /** bad_key, network, out_of_credit, … */
        class: string;
        /** HTTP status that the vendor answered with */
        status?: number;
        /** The vendor's error code, or the system's */
        code?: string;
        since: string;
        /** A call was answered again */
        over_at?: string;
      };
      timestamp: string;
      /** Id of the installation; echoed */
      user_id?: string;
      /** Web | Android | iOS */
      device_type?: string;
      /** Time of the client; echoed */
      client_timestamp?: string;
    };
  };
  /** The categories and colours there are */
  'GET /api/v1/categories': {
    answer: {
      /** Of the taxonomy */
      version: string;
      categories: {
        /** What answers say as `category` */
        key: string;
        /** Its name in Chinese */
        zh: string;
        /** Its name in English */
        en: string;
        /** What belongs to it */
        definition: string;
        /** What `/api/v1` says in its place */
        v1?: string;
      }[];
      /** `zh` is what answers say as `background_color` */
      colours: {
        /** Its name in Chinese */
        zh: string;
        /** Its name in English */
        en: string;
      }[];
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Ask for one photo by hash, before uploading it */
  'POST /api/v1/classify/check-cache': {
    body: {
      /** SHA-256 of the original file, 64 hexadecimal digits */
      image_hash: string;
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
    };
    answer: {
      success: true;
      cached: boolean;
      data: {
        /** A key of the taxonomy */
        category: string;
        confidence: number;
        /** What a vision LLM says of the photo, else the category in words */
        description?: string;
        /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
        tags?: string[];
        /** The picture's prevailing colour; absent where it is unknown */
        background_color?:
          | '红色'
          | '橙色'
          | '黄色'
          | '绿色'
          | '蓝色'
          | '紫色'
          | '粉色'
          | '灰色'
          | '黑色'
          | '白色';
        inference_method: 'cache' | 'llm' | 'local';
        /** Which model answered */
        model: string;
        /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
        degraded: boolean;
        /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
        better_answer?: 'pending' | 'no_room';
      } | null;
      from_cache: boolean;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Ask for many photos by hash */
  'POST /api/v1/classify/batch-check-cache': {
    body: {
      image_hashes: string[];
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
      /** Of a caller that looks up again and again until better answers are there: statistics count none of these photos again */
      repeated?: boolean;
    };
    answer: {
      success: true;
      total: number;
      cached_count: number;
      items: {
        image_hash: string;
        cached: boolean;
        data: {
          /** A key of the taxonomy */
          category: string;
          confidence: number;
          /** What a vision LLM says of the photo, else the category in words */
          description?: string;
          /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
          tags?: string[];
          /** The picture's prevailing colour; absent where it is unknown */
          background_color?:
            | '红色'
            | '橙色'
            | '黄色'
            | '绿色'
            | '蓝色'
            | '紫色'
            | '粉色'
            | '灰色'
            | '黑色'
            | '白色';
          inference_method: 'cache' | 'llm' | 'local';
          /** Which model answered */
          model: string;
          /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
          degraded: boolean;
          /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
          better_answer?: 'pending' | 'no_room';
        } | null;
      }[];
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Classify one photo */
  'POST /api/v1/classify': {
    answer: {
      success: true;
      data: {
        /** A key of the taxonomy */
        category: string;
        confidence: number;
        /** What a vision LLM says of the photo, else the category in words */
        description?: string;
        /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
        tags?: string[];
        /** The picture's prevailing colour; absent where it is unknown */
        background_color?:
          | '红色'
          | '橙色'
          | '黄色'
          | '绿色'
          | '蓝色'
          | '紫色'
          | '粉色'
          | '灰色'
          | '黑色'
          | '白色';
        inference_method: 'cache' | 'llm' | 'local';
        /** Which model answered */
        model: string;
        /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
        degraded: boolean;
        /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
        better_answer?: 'pending' | 'no_room';
      };
      from_cache: boolean;
      processing_time_ms: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Classify a batch of photos */
  'POST /api/v1/classify/batch': {
    answer: {
      success: true;
      total: number;
      success_count: number;
      fail_count: number;
      total_processing_time_ms: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
      items: {
        index: number;
        filename: string;
        success: boolean;
        data?: {
          /** A key of the taxonomy */
          category: string;
          confidence: number;
          /** What a vision LLM says of the photo, else the category in words */
          description?: string;
          /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
          tags?: string[];
          /** The picture's prevailing colour; absent where it is unknown */
          background_color?:
            | '红色'
            | '橙色'
            | '黄色'
            | '绿色'
            | '蓝色'
            | '紫色'
            | '粉色'
            | '灰色'
            | '黑色'
            | '白色';
          inference_method: 'cache' | 'llm' | 'local';
          /** Which model answered */
          model: string;
          /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
          degraded: boolean;
          /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
          better_answer?: 'pending' | 'no_room';
        };
        error?: string;
        error_code?: string;
        from_cache: boolean;
        processing_time_ms: number;
      }[];
    };
    line:
      | {
          index: number;
          filename: string;
          success: boolean;
          data?: {
            /** A key of the taxonomy */
            category: string;
            confidence: number;
            /** What a vision LLM says of the photo, else the category in words */
            description?: string;
            /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
            tags?: string[];
            /** The picture's prevailing colour; absent where it is unknown */
            background_color?:
              | '红色'
              | '橙色'
              | '黄色'
              | '绿色'
              | '蓝色'
              | '紫色'
              | '粉色'
              | '灰色'
              | '黑色'
              | '白色';
            inference_method: 'cache' | 'llm' | 'local';
            /** Which model answered */
            model: string;
            /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
            degraded: boolean;
            /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
            better_answer?: 'pending' | 'no_room';
          };
          error?: string;
          error_code?: string;
          from_cache: boolean;
          processing_time_ms: number;
          /** Where the batch stands */
          progress: {
            /** Photos that have arrived so far */
            received: number;
            /** Answered or failed, this one included */
            finished: number;
            success_count: number;
            fail_count: number;
            cached_count: number;
            /** Photos that are worked on at once, at present */
            at_once: number;
          };
        }
      | {
          success: true;
          total: number;
          success_count: number;
          fail_count: number;
          total_processing_time_ms: number;
          /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
          request_id: string;
          timestamp: string;
        }
      | {
          type: string;
          title: string;
          status: number;
          /** One sentence a person can act on */
          detail: string;
          /** Stable, snake case */
          code: string;
          request_id: string;
        };
  };
  /** Classify one photo by the local model alone; nothing is stored */
  'POST /api/v1/local-classify': {
    answer: {
      success: true;
      data: {
        /** A key of the taxonomy */
        category: string;
        confidence: number;
        /** What a vision LLM says of the photo, else the category in words */
        description?: string;
        /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
        tags?: string[];
        /** The picture's prevailing colour; absent where it is unknown */
        background_color?:
          | '红色'
          | '橙色'
          | '黄色'
          | '绿色'
          | '蓝色'
          | '紫色'
          | '粉色'
          | '灰色'
          | '黑色'
          | '白色';
        inference_method: 'cache' | 'llm' | 'local';
        /** Which model answered */
        model: string;
        /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
        degraded: boolean;
        /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
        better_answer?: 'pending' | 'no_room';
        /** The model's probability of each of its own labels */
        scores: Record<string, number>;
      };
      from_cache: false;
      processing_time_ms: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Ask for many photos by hash (client C) */
  'POST /api/v2/classify/batch-check-cache': {
    body: {
      items: {
        index: number;
        image_hash?: string | null;
        image_uri: string;
      }[];
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
      /** Of a caller that looks up again and again until better answers are there: statistics count none of these photos again */
      repeated?: boolean;
      /** Ignored */
      prompt?: string | null;
    };
    answer: {
      error_type: 'success';
      results: {
        index: number;
        image_uri: string;
        image_hash?: string;
        cached: boolean;
        /** A key of the taxonomy */
        category?: string;
        confidence?: number;
        /** What a vision LLM says of the photo, else the category in words */
        description?: string;
        /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
        tags?: string[];
        /** The picture's prevailing colour; absent where it is unknown */
        background_color?:
          | '红色'
          | '橙色'
          | '黄色'
          | '绿色'
          | '蓝色'
          | '紫色'
          | '粉色'
          | '灰色'
          | '黑色'
          | '白色';
        inference_method?: 'cache' | 'llm' | 'local';
        /** Which model answered */
        model?: string;
        /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
        degraded?: boolean;
        /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
        better_answer?: 'pending' | 'no_room';
      }[];
      summary: {
        total: number;
        cached_count: number;
        miss_count: number;
      };
      /** Photos that are processed at once, at present: upload that many */
      at_once: number;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Classify a batch of photos (client C) */
  'POST /api/v2/classify/batch': {
    answer: {
      error_type: 'success';
      summary: {
        total_count: number;
        success_count: number;
        failed_count: number;
        cached_count: number;
        llm_count: number;
        total_time_ms: number;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
      results: {
        index: number;
        image_uri: string;
        error?: string;
        error_code?: string;
        /** A key of the taxonomy */
        category?: string;
        confidence?: number;
        /** What a vision LLM says of the photo, else the category in words */
        description?: string;
        /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
        tags?: string[];
        /** The picture's prevailing colour; absent where it is unknown */
        background_color?:
          | '红色'
          | '橙色'
          | '黄色'
          | '绿色'
          | '蓝色'
          | '紫色'
          | '粉色'
          | '灰色'
          | '黑色'
          | '白色';
        inference_method: 'cache' | 'llm' | 'local';
        /** Which model answered */
        model?: string;
        /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
        degraded?: boolean;
        /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
        better_answer?: 'pending' | 'no_room';
        processing_time_ms: number;
      }[];
    };
    line:
      | {
          index: number;
          filename: string;
          error?: string;
          error_code?: string;
          /** A key of the taxonomy */
          category?: string;
          confidence?: number;
          /** What a vision LLM says of the photo, else the category in words */
          description?: string;
          /** Things and scenes in the photo, by a vision LLM; absent unless `LLM_TAGS` asks for them */
          tags?: string[];
          /** The picture's prevailing colour; absent where it is unknown */
          background_color?:
            | '红色'
            | '橙色'
            | '黄色'
            | '绿色'
            | '蓝色'
            | '紫色'
            | '粉色'
            | '灰色'
            | '黑色'
            | '白色';
          inference_method: 'cache' | 'llm' | 'local';
          /** Which model answered */
          model?: string;
          /** A weaker method answered: the preferred one failed, or its answer follows (`better_answer`) */
          degraded?: boolean;
          /** In the album lane. pending: a better answer follows, which a look-up finds. no_room: send the photo again later */
          better_answer?: 'pending' | 'no_room';
          processing_time_ms: number;
          /** Where the batch stands */
          progress: {
            /** Photos that have arrived so far */
            received: number;
            /** Answered or failed, this one included */
            finished: number;
            success_count: number;
            fail_count: number;
            cached_count: number;
            /** Photos that are worked on at once, at present */
            at_once: number;
          };
        }
      | {
          error_type: 'success';
          summary: {
            total_count: number;
            success_count: number;
            failed_count: number;
            cached_count: number;
            llm_count: number;
            total_time_ms: number;
          };
          /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
          request_id: string;
          timestamp: string;
        }
      | {
          type: string;
          title: string;
          status: number;
          /** One sentence a person can act on */
          detail: string;
          /** Stable, snake case */
          code: string;
          request_id: string;
        };
  };
  /** Say which category is right */
  'POST /api/v1/feedback': {
    body: {
      /** SHA-256 of the original file, 64 hexadecimal digits */
      image_hash: string;
      /** A key of the taxonomy */
      category: string;
      /** Used where the X-User-ID header is absent or empty */
      user_id?: string | null;
    };
    answer: {
      success: true;
      /** The photo is known: the next look-up answers so */
      applied: boolean;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What clients said is right, the newest first */
  'GET /api/v1/feedback': {
    answer: {
      items: {
        image_hash: string;
        category: string;
        /** The answer that the claimant had before */
        answered?: string;
        model?: string;
        /** Who said so, as a hash */
        claimant: string;
        at: string;
      }[];
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What happened since midnight */
  'GET /api/v1/stats/today': {
    answer: {
      date: string;
      time_zone: string;
      from: string;
      /** The first moment of the next day */
      to: string;
      requests: number;
      /** Hashes asked for */
      lookups: number;
      lookup_hits: number;
      lookup_misses: number;
      /** Uploads, and look-ups that hit */
      photos: number;
      uploads: number;
      /** Photos answered without asking a model for them */
      hits: number;
      /** Photos that a model was asked for and answered */
      misses: number;
      /** Hits among answered photos, 0 to 1 */
      hit_rate: number;
      llm: number;
      local: number;
      failed: number;
      degraded: number;
      /** 0 to 1 */
      degraded_share: number;
      /** Memory, store, a claimed hash, a call that was under way, a near duplicate */
      hits_by_kind: {
        memory: number;
        store: number;
        claim: number;
        flight: number;
        near: number;
      };
      /** Distinct user ids */
      unique_users: number;
      /** Calls sent, repeated and failed ones too */
      llm_calls: number;
      llm_calls_answered: number;
      /** Units of the first provider's currency */
      llm_cost: number;
      /** What hits on answers of an LLM would have cost, on average */
      llm_cost_saved: number;
      input_tokens: number;
      output_tokens: number;
      bytes_uploaded: number;
      /** Hits by hash alone, each as long as the average upload */
      bytes_not_uploaded: number;
      /** Failed photos by code */
      errors: Record<string, number>;
      categories: {
        category: string;
        count: number;
        /** 0 to 100 */
        percentage: number;
        /** 0 to 1 */
        avg_confidence: number;
      }[];
      /** Photos that both models were asked for */
      agreement: {
        compared: number;
        agreed: number;
        /** 0 to 1 */
        share: number;
      };
      /** By what answered; cache: all hits */
      latency_ms: Record<
        string,
        {
          count: number;
          /** Milliseconds */
          mean: number;
          /** Milliseconds */
          p50: number;
          /** Milliseconds */
          p95: number;
          /** Milliseconds */
          p99: number;
        }
      >;
      /** The same for older admin pages */
      data: {
        total_requests: number;
        cache_hits: number;
        cache_misses: number;
        /** 0 to 100 */
        cache_hit_rate: number;
        unique_users: number;
        /** Milliseconds */
        avg_processing_time: number;
        /** Milliseconds */
        avg_processing_time_ms: number;
        /** Units of the first provider's currency */
        estimated_cost: number;
        /** Units of the first provider's currency */
        cost_saved: number;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What the cache saves; over all days by default */
  'GET /api/v1/stats/cache-efficiency': {
    answer: {
      success: true;
      data: {
        /** Beyond a few thousand an estimate from a sample, within 5 % */
        total_cached_images: number;
        counted_at?: string;
        total_hits: number;
        /** Memory, store, a claimed hash, a call that was under way, a near duplicate */
        hits_by_kind: {
          memory: number;
          store: number;
          claim: number;
          flight: number;
          near: number;
        };
        misses: number;
        /** 0 to 1 */
        hit_rate: number;
        lookups: number;
        lookup_hits: number;
        lookup_misses: number;
        /** Hits that an LLM would have been asked for */
        times_saved: number;
        /** Units of the first provider's currency */
        cost_saved: number;
        bytes_not_uploaded: number;
        avg_hit_per_image: number;
        /** Among the 10,000 results that were used last */
        max_hits: number;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What photos show (30 days) */
  'GET /api/v1/stats/category-distribution': {
    answer: {
      success: true;
      data: {
        category: string;
        count: number;
        /** 0 to 100 */
        percentage: number;
        /** 0 to 1 */
        avg_confidence: number;
      }[];
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Who answers, and how fast (1 day) */
  'GET /api/v1/stats/inference-method': {
    answer: {
      success: true;
      data: {
        /** Photos */
        total_requests: number;
        from_cache: number;
        llm_success: number;
        local_direct: number;
        local_fallback_success: number;
        local_test: number;
        local_total: number;
        /** Photos that the preferred model did not answer */
        llm_fail_count: number;
        failed: number;
        degraded: number;
        /** 0 to 1 */
        degraded_share: number;
        /** Calls by outcome */
        llm_calls: Record<string, number>;
        /** Photos the preferred model did not answer, by reason */
        fallbacks: Record<string, number>;
        agreement: {
          compared: number;
          agreed: number;
          /** 0 to 1 */
          share: number;
          by_category: Record<
            string,
            {
              compared: number;
              agreed: number;
            }
          >;
        };
        latency_ms: Record<
          string,
          {
            count: number;
            /** Milliseconds */
            mean: number;
            /** Milliseconds */
            p50: number;
            /** Milliseconds */
            p95: number;
            /** Milliseconds */
            p99: number;
          }
        >;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Look-ups of many hashes at once, by day (7 days) */
  'GET /api/v1/stats/batch-cache': {
    answer: {
      success: true;
      data: {
        overall: {
          total_queries: number;
          total_hashes: number;
          total_cached: number;
          total_miss: number;
          avg_batch_size: number;
          /** 0 to 100 */
          hit_rate: number;
          /** 0 to 1 */
          hit_share: number;
        };
        daily: {
          date: string;
          queries: number;
          hashes: number;
          cached: number;
          miss: number;
          /** 0 to 100 */
          hit_rate: number;
        }[];
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Batches of uploads, by day (7 days) */
  'GET /api/v1/stats/batch-classify': {
    answer: {
      success: true;
      data: {
        overall: {
          total_batches: number;
          total_images: number;
          total_success: number;
          total_fail: number;
          /** 0 to 100 */
          success_rate: number;
          avg_batch_size: number;
          /** Milliseconds */
          avg_time_per_batch: number;
          /** Milliseconds */
          avg_time_per_image: number;
          batch_ms: {
            /** Milliseconds */
            p50: number;
            /** Milliseconds */
            p95: number;
            /** Milliseconds */
            p99: number;
          };
        };
        daily: {
          date: string;
          batches: number;
          images: number;
          success: number;
          fail: number;
          /** 0 to 100 */
          success_rate: number;
          /** Milliseconds */
          avg_time: number;
        }[];
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What local-first and the album lane would save a month, and how accurate that would be (30 days of comparisons) */
  'GET /api/v1/stats/savings': {
    answer: {
      success: true;
      data: {
        /** Photos that both models were asked for: SHADOW_PERCENT of all, and fewer while all processes decode */
        compared: number;
        /** At least 100 of them */
        is_enough: boolean;
        /** Of them, those of which the local model is sure, 0 to 1 */
        sure_share: number;
        /** A share of the sample, with its 95 % interval after Wilson */
        agreement_when_sure: {
          /** 0 to 1 */
          share: number;
          /** 0 to 1 */
          low: number;
          /** 0 to 1 */
          high: number;
        };
        /** At the traffic of the last 24 hours */
        month: {
          calls_answered: number;
          /** Units of the first provider's currency */
          cost: number;
          /** Units of the first provider's currency */
          cost_of_sure_and_agreed: number;
        };
        /** A month of STRATEGY=local-first; its agreement with the LLM, which answers the other photos itself */
        local_first: {
          /** Units of the first provider's currency */
          saves: number;
          /** A share of the sample, with its 95 % interval after Wilson */
          agreement: {
            /** 0 to 1 */
            share: number;
            /** 0 to 1 */
            low: number;
            /** 0 to 1 */
            high: number;
          };
        };
        /** A month in which all photos of batches wait for half the price; `batch_share` is their part of the cost. Photos that are sent to wait already are not in it */
        album_lane: {
          /** 0 to 1 */
          batch_share: number;
          /** Units of the first provider's currency */
          saves: number;
        };
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Who sends most (1 day, 20 users); of more than 7 days as of up to 10 minutes ago */
  'GET /api/v1/stats/users/top': {
    answer: {
      success: true;
      data: {
        user_id: string;
        request_count: number;
        photos: number;
        cache_hits: number;
        /** 0 to 100 */
        cache_hit_rate: number;
        failed: number;
        first_request: string;
        last_request: string;
      }[];
      /** Distinct user ids of those days */
      unique_users: number;
      counted_at: string;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Figures step by step; by default the last day by the hour */
  'GET /api/v1/stats/timeseries': {
    answer: {
      success: true;
      data: {
        from: string;
        to: string;
        /** Seconds; longer than asked for where shorter sums are gone */
        step: number;
        points: {
          at: string;
          requests: number;
          /** Hashes asked for */
          lookups: number;
          lookup_hits: number;
          lookup_misses: number;
          /** Uploads, and look-ups that hit */
          photos: number;
          uploads: number;
          /** Photos answered without asking a model for them */
          hits: number;
          /** Photos that a model was asked for and answered */
          misses: number;
          /** Hits among answered photos, 0 to 1 */
          hit_rate: number;
          llm: number;
          local: number;
          failed: number;
          degraded: number;
          /** 0 to 1 */
          degraded_share: number;
          memory: number;
          store: number;
          claim: number;
          flight: number;
          near: number;
          /** Calls sent, repeated and failed ones too */
          llm_calls: number;
          llm_calls_answered: number;
          /** Units of the first provider's currency */
          llm_cost: number;
          /** What hits on answers of an LLM would have cost, on average */
          llm_cost_saved: number;
          input_tokens: number;
          output_tokens: number;
          bytes_uploaded: number;
          /** Hits by hash alone, each as long as the average upload */
          bytes_not_uploaded: number;
          /** Milliseconds */
          p50_ms: number;
          /** Milliseconds */
          p95_ms: number;
          /** Of photos that a model answered */
          p99_ms: number;
        }[];
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** What the cache holds */
  'GET /api/v1/stats/cache': {
    answer: {
      results: number;
      versions: {
        version: string;
        results: number;
        oldest: string;
        newest: string;
      }[];
      claims: number;
      feedback: number;
      /** Numbers beyond a few thousand are estimates from a sample, within 5 %; `oldest` and `newest` are those of the sample */
      estimated: boolean;
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
  /** Forget a photo, a user, or all from before a time */
  'POST /api/v1/forget': {
    body: {
      /** SHA-256 of the original file, 64 hexadecimal digits */
      image_hash?: string;
      user_id?: string;
      before?: string;
    };
    answer: {
      success: true;
      deleted: {
        results: number;
        claims: number;
        feedback: number;
        fingerprints: number;
        photos: number;
        requests: number;
        days: number;
        refusals: number;
      };
      /** req_<unix seconds>_<12 hex>, also sent as X-Request-ID */
      request_id: string;
      timestamp: string;
    };
  };
}
